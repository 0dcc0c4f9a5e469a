/*
 * json_scan - spans inside JSON text that was validated before: no tree, and no copy but the one
 * asked for.
 *
 * What is sent keeps the source's key order, escapes and number text byte for byte, so it is copied
 * from the source, not written from a tree. Every function trusts that its text is one valid JSON
 * value (codec/json_doc says so); on other bytes the answers mean nothing, but nothing is read
 * beyond `end`.
 *
 * Owner: views into the caller's text. Threads: no state.
 *
 *     struct ps_json_walk walk;
 *     struct ps_str key;
 *     ps_json_walk_object(&walk, text);
 *     while (ps_json_walk_key(&walk, &key)) {
 *         const struct ps_str value = ps_json_walk_value(&walk);
 *     }
 */
#ifndef PS_CODEC_JSON_SCAN_H
#define PS_CODEC_JSON_SCAN_H

#include "base/buf.h"
#include "base/str.h"

/* Where a walk over the members of an object, or the elements of an array, stands. */
struct ps_json_walk {
    const char *at;
    const char *end;
    size_t deepest; /* the deepest nesting seen inside the values stepped over, 0 for plain ones */
};

/* The first value of `text` (white space before it is skipped) is an object; else the walk is
 * empty. */
void ps_json_walk_object(struct ps_json_walk *walk, struct ps_str text);

/* Steps to the next member: *ret_key is what stands between its quotes, as written. False after the
 * last. */
PS_MUST_CHECK bool ps_json_walk_key(struct ps_json_walk *walk, struct ps_str *ret_key);

/* Steps over the value after a key. */
struct ps_str ps_json_walk_value(struct ps_json_walk *walk);

/* The same for an array: *ret_value is the next element, false after the last. */
void ps_json_walk_array(struct ps_json_walk *walk, struct ps_str text);
PS_MUST_CHECK bool ps_json_walk_element(struct ps_json_walk *walk, struct ps_str *ret_value);

/* Is the key (as written between its quotes, escapes and all) this name? */
PS_MUST_CHECK bool ps_json_key_is(struct ps_str key, struct ps_str name);

/*
 * The value of the member `name` in the object `text`; false when there is none. *ret_value is the
 * first one
 * (*ret_count, which may be NULL, says how many there are).
 */
PS_MUST_CHECK bool ps_json_member(struct ps_str text, struct ps_str name, struct ps_str *ret_value,
                                  size_t *ret_count);

/*
 * Copies without the white space between tokens. `room` holds at least text.size bytes; returns how
 * many were written.
 */
size_t ps_json_compact(struct ps_str text, char *room);

/* Likewise to the end of `buf`; false when its cap would be passed. */
PS_MUST_CHECK bool ps_json_append_compact(struct ps_buf *buf, struct ps_str text);

/*
 * Appends `text` as a JSON string with its quotes: only what must be escaped is (the quote, the
 * backslash, control bytes). `text` is valid UTF-8. False when the cap would be passed.
 */
PS_MUST_CHECK bool ps_json_append_string(struct ps_buf *buf, struct ps_str text);

/* The same without the quotes, for a string that is put together from parts. */
PS_MUST_CHECK bool ps_json_append_escaped(struct ps_buf *buf, struct ps_str text);

/* Appends what `inner` (between the quotes of a valid string) means. False when the cap would be
 * passed. */
PS_MUST_CHECK bool ps_json_append_unescaped(struct ps_buf *buf, struct ps_str inner);

#endif
