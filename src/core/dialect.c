#include "core/dialect.h"

#include "base/assert.h"

struct dialect_row {
    const char *name;
    const char *id_key;
    const char *body_key;
};

static const struct dialect_row dialect_rows[PS_DIALECT_COUNT] = {
    [PS_DIALECT_BEDROCK] = {"bedrock", "recordId", "modelInput"},
    [PS_DIALECT_OPENAI] = {"openai", "custom_id", "body"},
    [PS_DIALECT_ANTHROPIC] = {"anthropic", "custom_id", "params"},
    [PS_DIALECT_SIMPLE] = {"simple", "id", ""},
    [PS_DIALECT_TEXT] = {"text", "", ""},
    [PS_DIALECT_JSONL] = {"jsonl", "", ""},
    [PS_DIALECT_CSV] = {"csv", "", ""},
};

const char *ps_dialect_name(const enum ps_dialect dialect)
{
    PS_ASSERT(dialect < PS_DIALECT_COUNT);
    return dialect_rows[dialect].name;
}

bool ps_dialect_of_name(const struct ps_str name, enum ps_dialect *const ret_dialect)
{
    for (int row = 0; row < PS_DIALECT_COUNT; row++) {
        if (ps_str_equals_text(name, dialect_rows[row].name)) {
            *ret_dialect = (enum ps_dialect)row;
            return true;
        }
    }
    return false;
}

struct ps_str ps_dialect_id_key(const enum ps_dialect dialect)
{
    return ps_str_of(dialect_rows[dialect].id_key);
}

struct ps_str ps_dialect_body_key(const enum ps_dialect dialect)
{
    return ps_str_of(dialect_rows[dialect].body_key);
}

bool ps_dialect_of_line(yyjson_val *const root, enum ps_dialect *const ret_dialect)
{
    if (yyjson_obj_get(root, "modelInput") != NULL) {
        *ret_dialect = PS_DIALECT_BEDROCK;
    } else if (yyjson_is_obj(yyjson_obj_get(root, "body"))) {
        *ret_dialect = PS_DIALECT_OPENAI;
    } else if (yyjson_is_obj(yyjson_obj_get(root, "params"))) {
        *ret_dialect = PS_DIALECT_ANTHROPIC;
    } else if (yyjson_obj_get(root, "prompt") != NULL || yyjson_obj_get(root, "messages") != NULL) {
        *ret_dialect = PS_DIALECT_SIMPLE;
    } else {
        return false;
    }
    return true;
}
