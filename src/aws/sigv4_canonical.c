#include "aws/sigv4.h"

#include "aws/sigv4_internal.h"
#include "base/assert.h"
#include "codec/uri.h"

#include <stdlib.h>

/* One parameter of the query, canonical; the places are those of a shared buffer. */
struct parameter {
    const char *text; /* set when the buffer no longer moves */
    size_t name_at;
    size_t name_size;
    size_t value_size; /* the value follows the name */
};

static bool append_recoded(const struct ps_str text, struct ps_buf *const scratch,
                           const enum ps_uri_slash slash, struct ps_buf *const buf)
{
    ps_buf_clear(scratch);
    return ps_uri_decode(text, scratch) && ps_uri_encode(ps_buf_str(scratch), slash, buf);
}

/* Takes '.', '..' and empty segments out; a final slash stays. */
static void normalize_path(const struct ps_str path, struct ps_buf *const buf)
{
    struct ps_str rest = path;
    bool ends_in_slash = true;
    ps_buf_clear(buf);
    while (rest.size > 0) {
        const size_t end = ps_str_find(rest, '/');
        const struct ps_str segment = ps_str_part(rest, 0, end);
        const bool is_up = ps_str_equals_text(segment, "..");
        const bool is_nothing = segment.size == 0 || ps_str_equals_text(segment, ".");
        if (is_up) {
            while (buf->size > 0 && buf->data[buf->size - 1] != '/') {
                buf->size--;
            }
            buf->size -= buf->size > 0 ? 1 : 0;
        } else if (!is_nothing) {
            ps_buf_add(buf, PS_STR("/"));
            ps_buf_add(buf, segment);
        }
        ends_in_slash = is_up || is_nothing || end < rest.size;
        rest = ps_str_part(rest, end + 1, rest.size);
    }
    if (ends_in_slash) {
        ps_buf_add(buf, PS_STR("/"));
    }
}

static bool append_path(const struct ps_str raw_path, const struct ps_sigv4_rules rules,
                        struct ps_buf *const scratch, struct ps_buf *const buf)
{
    const struct ps_str path = raw_path.size == 0 ? PS_STR("/") : raw_path;
    if (!rules.is_path_encoded_twice) {
        return append_recoded(path, scratch, PS_URI_SLASH_KEPT, buf);
    }
    if (!rules.is_path_normalized) {
        return ps_uri_encode(path, PS_URI_SLASH_KEPT, buf);
    }
    if (path.size >= scratch->size_max) {
        return false;
    }
    normalize_path(path, scratch);
    return ps_uri_encode(ps_buf_str(scratch), PS_URI_SLASH_KEPT, buf);
}

static int compare_parameters(const void *const left_item, const void *const right_item)
{
    const struct parameter *const left = left_item;
    const struct parameter *const right = right_item;
    const int order =
        ps_str_compare((struct ps_str){left->text + left->name_at, left->name_size},
                       (struct ps_str){right->text + right->name_at, right->name_size});
    if (order != 0) {
        return order;
    }
    return ps_str_compare(
        (struct ps_str){left->text + left->name_at + left->name_size, left->value_size},
        (struct ps_str){right->text + right->name_at + right->name_size, right->value_size});
}

static size_t count_parameters(const struct ps_str query)
{
    struct ps_str rest = query;
    struct ps_str name;
    struct ps_str value;
    size_t count = 0;
    while (ps_uri_next_parameter(&rest, &name, &value)) {
        count++;
    }
    return count;
}

/* The parameter that carries the signature is no part of what was signed. */
static bool is_signature(const struct ps_str encoded_name)
{
    return ps_str_equals_text(encoded_name, "X-Amz-Signature");
}

/* Fills `parameters` with places in `texts`; false when a cap was hit. */
static bool recode_parameters(const struct ps_str query, struct ps_buf *const scratch,
                              struct ps_buf *const texts, struct parameter *const parameters,
                              size_t *const ret_count)
{
    struct ps_str rest = query;
    struct ps_str name;
    struct ps_str value;
    size_t count = 0;
    while (ps_uri_next_parameter(&rest, &name, &value)) {
        if (is_signature(name)) {
            continue;
        }
        const size_t name_at = texts->size;
        if (!append_recoded(name, scratch, PS_URI_SLASH_ENCODED, texts)) {
            return false;
        }
        const size_t value_at = texts->size;
        if (!append_recoded(value, scratch, PS_URI_SLASH_ENCODED, texts)) {
            return false;
        }
        parameters[count++] =
            (struct parameter){NULL, name_at, value_at - name_at, texts->size - value_at};
    }
    for (size_t index = 0; index < count; index++) {
        parameters[index].text = ps_buf_text(texts);
    }
    *ret_count = count;
    return true;
}

static bool append_sorted(const struct parameter *const parameters, const size_t count,
                          struct ps_buf *const buf)
{
    for (size_t index = 0; index < count; index++) {
        const struct parameter *const parameter = &parameters[index];
        const char *const name = parameter->text + parameter->name_at;
        const struct ps_str value = {name + parameter->name_size, parameter->value_size};
        const bool is_added = (index == 0 || ps_buf_append(buf, PS_STR("&"))) &&
                              ps_buf_append(buf, (struct ps_str){name, parameter->name_size}) &&
                              ps_buf_append(buf, PS_STR("=")) && ps_buf_append(buf, value);
        if (!is_added) {
            return false;
        }
    }
    return true;
}

static bool append_query(const struct ps_str query, struct ps_buf *const scratch,
                         struct ps_buf *const buf)
{
    const size_t count_max = count_parameters(query);
    if (count_max == 0) {
        return true;
    }
    struct ps_buf texts PS_CLEANUP(ps_buf_release);
    ps_buf_init(&texts, PS_SIGV4_TEXT_BYTES_MAX);
    struct parameter *const parameters = calloc(count_max, sizeof(*parameters));
    PS_ASSERT(parameters != NULL);
    size_t count = 0;
    bool is_done = recode_parameters(query, scratch, &texts, parameters, &count);
    if (is_done) {
        qsort(parameters, count, sizeof(*parameters), compare_parameters);
        is_done = append_sorted(parameters, count, buf);
    }
    free(parameters);
    return is_done;
}

static bool is_blank(const char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

/* Without blanks at the ends; each run of them inside becomes one space. */
static bool append_header_value(const struct ps_str value, struct ps_buf *const buf)
{
    const struct ps_str trimmed = ps_str_trim(value);
    char *const room = ps_buf_reserve(buf, trimmed.size);
    if (room == NULL) {
        return false;
    }
    size_t size = 0;
    for (size_t index = 0; index < trimmed.size; index++) {
        const char byte = trimmed.data[index];
        if (!is_blank(byte)) {
            room[size++] = byte;
        } else if (!is_blank(trimmed.data[index - 1])) {
            room[size++] = ' ';
        }
    }
    ps_buf_commit(buf, size);
    return true;
}

/* "name:first,second\n" of all headers of that name; *ret_found says how many there are. */
static bool append_header(const struct ps_sigv4_request *const request, const struct ps_str name,
                          struct ps_buf *const buf, size_t *const ret_found)
{
    size_t found = 0;
    bool is_added = ps_buf_append(buf, name);
    for (size_t index = 0; is_added && index < request->header_count; index++) {
        if (ps_str_equals_nocase(request->headers[index].name, name)) {
            is_added = ps_buf_append(buf, found == 0 ? PS_STR(":") : PS_STR(",")) &&
                       append_header_value(request->headers[index].value, buf);
            found++;
        }
    }
    *ret_found = found;
    return is_added && ps_buf_append(buf, PS_STR("\n"));
}

static enum ps_status append_headers(const struct ps_sigv4_request *const request,
                                     const struct ps_str signed_names, struct ps_buf *const buf,
                                     struct ps_error *const err)
{
    struct ps_str rest = signed_names;
    while (rest.size > 0) {
        const size_t end = ps_str_find(rest, ';');
        const struct ps_str name = ps_str_part(rest, 0, end);
        size_t found = 0;
        if (!append_header(request, name, buf, &found)) {
            return ps_sigv4_too_large(err);
        }
        if (found == 0) {
            return ps_error_set(err, PS_E_USAGE, PS_RETRY_NEVER,
                                "cannot sign the request: it has no header '%.*s'",
                                PS_STR_ARGS(name));
        }
        rest = ps_str_part(rest, end + 1, rest.size);
    }
    return PS_OK;
}

enum ps_status ps_sigv4_canonical_request(const struct ps_sigv4_request *const request,
                                          const struct ps_sigv4_rules rules,
                                          const struct ps_str signed_names,
                                          struct ps_buf *const buf, struct ps_error *const err)
{
    struct ps_buf scratch PS_CLEANUP(ps_buf_release);
    ps_buf_init(&scratch, PS_SIGV4_TEXT_BYTES_MAX);
    const bool has_head =
        ps_buf_append(buf, request->method) && ps_buf_append(buf, PS_STR("\n")) &&
        append_path(request->path, rules, &scratch, buf) && ps_buf_append(buf, PS_STR("\n")) &&
        append_query(request->query, &scratch, buf) && ps_buf_append(buf, PS_STR("\n"));
    if (!has_head) {
        return ps_sigv4_too_large(err);
    }
    const enum ps_status status = append_headers(request, signed_names, buf, err);
    if (status != PS_OK) {
        return status;
    }
    const bool has_tail = ps_buf_append(buf, PS_STR("\n")) && ps_buf_append(buf, signed_names) &&
                          ps_buf_append(buf, PS_STR("\n")) &&
                          ps_buf_append(buf, request->payload_hash);
    return has_tail ? PS_OK : ps_sigv4_too_large(err);
}
