/*
 * json_doc - one JSON text, validated and read into a tree, again and again in the same memory.
 *
 * Strict RFC 8259 (yyjson): one value, nothing after it, valid UTF-8, no lone surrogates, no BOM,
 * no comments. Numbers stay text (yyjson's RAW type), whatever their size: 1e999 and 30 digits
 * survive. Nesting above PS_JSON_DEPTH_MAX is refused by whoever walks (ps_json_walk's `deepest`):
 * reading itself uses no stack.
 *
 * Owner: the caller embeds it and releases it. The tree lives until the next read. Threads: one at
 * a time.
 */
#ifndef PS_CODEC_JSON_DOC_H
#define PS_CODEC_JSON_DOC_H

#include "base/buf.h"

#include <yyjson.h>

enum ps_json_fault {
    PS_JSON_OK,
    PS_JSON_SYNTAX,
    PS_JSON_ENCODING, /* not UTF-8 */
    PS_JSON_TOO_LARGE /* its tree would pass PS_JSON_TREE_BYTES_MAX */
};

struct ps_json_reason {
    enum ps_json_fault fault;
    size_t position;  /* from 0, in bytes */
    const char *text; /* "unexpected character": static */
};

struct ps_json_doc {
    yyjson_doc *tree;
    char *room; /* what small texts are read into */
    size_t room_used;
    size_t last_offset; /* the newest block in `room`: only it can grow in place */
    size_t large_bytes; /* on the heap beside it */
};

void ps_json_doc_init(struct ps_json_doc *doc);
void ps_json_doc_release(struct ps_json_doc *doc);

/* The root, or NULL and *reterr_reason. `text` is copied. */
PS_MUST_CHECK yyjson_val *ps_json_doc_read(struct ps_json_doc *doc, struct ps_str text,
                                           struct ps_json_reason *reterr_reason);

/* A string's decoded text, a number's source text; an empty view of anything else. */
struct ps_str ps_json_text(yyjson_val *value);

/*
 * Appends `text` with U+FFFD for whatever in it is no character: each ill-formed sequence of bytes
 * (its maximal subpart, as Unicode 3.9 advises), and each escape of a lone surrogate (as the escape
 * \ufffd). All else stays byte for byte. False: the cap of `buf` was hit, a part may stand in it.
 */
PS_MUST_CHECK bool ps_json_repair(struct ps_str text, struct ps_buf *buf);

/* All of it is well-formed UTF-8: no overlong forms, no surrogates, nothing above U+10FFFF. */
PS_MUST_CHECK bool ps_utf8_is_valid(struct ps_str text);

#endif
