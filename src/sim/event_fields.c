#include "sim/event_fields.h"

struct ps_str ps_event_text(yyjson_val *const object, const char *const name)
{
    yyjson_val *const value = yyjson_obj_get(object, name);
    return (struct ps_str){yyjson_get_str(value), yyjson_get_len(value)};
}

char *ps_event_dup(yyjson_val *const object, const char *const name)
{
    return ps_str_dup(ps_event_text(object, name));
}

int64_t ps_event_number(yyjson_val *const object, const char *const name)
{
    yyjson_val *const value = yyjson_obj_get(object, name);
    return yyjson_is_int(value) ? yyjson_get_sint(value) : 0;
}

bool ps_event_bool(yyjson_val *const object, const char *const name)
{
    return yyjson_get_bool(yyjson_obj_get(object, name));
}
