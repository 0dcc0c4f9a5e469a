/*
 * event_fields - members of an event, or of any JSON object, with an empty value where there is
 * none.
 *
 * Pure; threads: any. Views live as long as the document.
 */
#ifndef PS_SIM_EVENT_FIELDS_H
#define PS_SIM_EVENT_FIELDS_H

#include "base/str.h"

#include <yyjson.h>

struct ps_str ps_event_text(yyjson_val *object, const char *name);

/* A copy on the heap, "" where there is none. */
char *ps_event_dup(yyjson_val *object, const char *name);
int64_t ps_event_number(yyjson_val *object, const char *name);
bool ps_event_bool(yyjson_val *object, const char *name);

#endif
