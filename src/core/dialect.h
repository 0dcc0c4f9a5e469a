/*
 * dialect - which form the lines of an input have.
 *
 * Threads: pure.
 */
#ifndef PS_CORE_DIALECT_H
#define PS_CORE_DIALECT_H

#include "base/str.h"

#include <yyjson.h>

enum ps_dialect {
    PS_DIALECT_BEDROCK,   /* {recordId, modelInput} */
    PS_DIALECT_OPENAI,    /* {custom_id, method, url, body} */
    PS_DIALECT_ANTHROPIC, /* {custom_id, params} */
    PS_DIALECT_SIMPLE,    /* {id, prompt | messages, system} */
    PS_DIALECT_TEXT,      /* one prompt a line; never guessed */
    PS_DIALECT_JSONL,     /* any objects, with a template */
    PS_DIALECT_CSV,       /* RFC 4180 with a header row, with a template */
    PS_DIALECT_COUNT
};

/* "bedrock", "openai", ... */
const char *ps_dialect_name(enum ps_dialect dialect);
PS_MUST_CHECK bool ps_dialect_of_name(struct ps_str name, enum ps_dialect *ret_dialect);

/* The member that holds the record's id, "" where there is none. */
struct ps_str ps_dialect_id_key(enum ps_dialect dialect);

/* The member that holds a whole body; "" for dialects that have none. */
struct ps_str ps_dialect_body_key(enum ps_dialect dialect);

/* By the keys of one line; false for an object that is none of the first four, and for anything
 * else. */
PS_MUST_CHECK bool ps_dialect_of_line(yyjson_val *root, enum ps_dialect *ret_dialect);

#endif
