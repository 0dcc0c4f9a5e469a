#include "core/template.h"

#include "base/assert.h"
#include "base/limits.h"

#include <stdlib.h>
#include <string.h>

/* A run of text, or a name. */
struct piece {
    bool is_name;
    struct ps_str text; /* a view into the template's own copy */
};

struct ps_template {
    char *text;
    struct ps_buf pieces; /* struct piece each */
};

static void add_piece(struct ps_template *const template, const bool is_name,
                      const struct ps_str text)
{
    if (is_name || text.size > 0) {
        const struct piece piece = {is_name, text};
        ps_buf_add(&template->pieces, (struct ps_str){(const char *)&piece, sizeof(piece)});
    }
}

static size_t piece_count(const struct ps_template *const template)
{
    return template->pieces.size / sizeof(struct piece);
}

static struct piece piece_at(const struct ps_template *const template, const size_t index)
{
    struct piece piece;
    memcpy(&piece, template->pieces.data + index * sizeof(piece), sizeof(piece));
    return piece;
}

static enum ps_status refuse_brace(const size_t position, struct ps_error *const err)
{
    (void)ps_error_set(err, PS_E_USAGE, PS_RETRY_NEVER,
                       "cannot use the template: the brace at byte %zu has no partner or no name",
                       position + 1);
    return ps_error_hint(err, "Write {column} for a column, and {{ or }} for a brace itself.");
}

/*
 * Takes the brace at `at` and what belongs to it: a doubled one is text, another begins a name.
 * Returns the place after it, or 0 when it stands alone.
 */
static size_t take_brace(struct ps_template *const template, const struct ps_str text,
                         const size_t at)
{
    const char brace = text.data[at];
    if (at + 1 < text.size && text.data[at + 1] == brace) {
        add_piece(template, false, ps_str_part(text, at, 1));
        return at + 2;
    }
    if (brace == '}') {
        return 0;
    }
    const struct ps_str rest = ps_str_part(text, at + 1, text.size);
    const size_t size = ps_str_find(rest, '}');
    const struct ps_str name = ps_str_part(rest, 0, size);
    const bool is_name = size > 0 && size < rest.size && ps_str_find(name, '{') == name.size &&
                         ps_str_find(name, '\n') == name.size;
    if (!is_name) {
        return 0;
    }
    add_piece(template, true, name);
    return at + 1 + size + 1;
}

static enum ps_status read_pieces(struct ps_template *const template, const struct ps_str text,
                                  struct ps_error *const err)
{
    size_t from = 0;
    size_t at = 0;
    while (at < text.size) {
        if (text.data[at] != '{' && text.data[at] != '}') {
            at++;
            continue;
        }
        add_piece(template, false, ps_str_part(text, from, at - from));
        const size_t after = take_brace(template, text, at);
        if (after == 0) {
            return refuse_brace(at, err);
        }
        at = after;
        from = after;
    }
    add_piece(template, false, ps_str_part(text, from, at - from));
    return PS_OK;
}

enum ps_status ps_template_new(const struct ps_str text, struct ps_template **const ret_template,
                               struct ps_error *const err)
{
    struct ps_template *template PS_CLEANUP(ps_template_free_auto) = calloc(1, sizeof(*template));
    PS_ASSERT(template != NULL);
    ps_buf_init(&template->pieces, (PS_TEMPLATE_BYTES_MAX + 1) * sizeof(struct piece));
    if (text.size > PS_TEMPLATE_BYTES_MAX) {
        return ps_error_set(err, PS_E_USAGE, PS_RETRY_NEVER,
                            "cannot use a template of %zu bytes; %zu are allowed", text.size,
                            PS_TEMPLATE_BYTES_MAX);
    }
    struct ps_str body = text;
    if (ps_str_ends_with(body, PS_STR("\n"))) {
        body.size--;
    }
    if (ps_str_ends_with(body, PS_STR("\r"))) {
        body.size--;
    }
    template->text = ps_str_dup(body);
    if (read_pieces(template, (struct ps_str){template->text, body.size}, err) != PS_OK) {
        return err->status;
    }
    *ret_template = PS_TAKE(&template);
    return PS_OK;
}

struct ps_template *ps_template_free(struct ps_template *const template)
{
    if (template != NULL) {
        free(template->text);
        ps_buf_release(&template->pieces);
        free(template);
    }
    return NULL;
}

void ps_template_free_auto(struct ps_template **const template)
{
    *template = ps_template_free(*template);
}

bool ps_template_fill(const struct ps_template *const template,
                      bool (*const find)(void *context, struct ps_str name, struct ps_buf *to),
                      void *const context, struct ps_buf *const to)
{
    for (size_t index = 0; index < piece_count(template); index++) {
        const struct piece piece = piece_at(template, index);
        const bool is_done =
            piece.is_name ? find(context, piece.text, to) : ps_buf_append(to, piece.text);
        if (!is_done) {
            return false;
        }
    }
    return true;
}

size_t ps_template_name_count(const struct ps_template *const template)
{
    size_t count = 0;
    for (size_t index = 0; index < piece_count(template); index++) {
        count += piece_at(template, index).is_name ? 1 : 0;
    }
    return count;
}

struct ps_str ps_template_name(const struct ps_template *const template, const size_t index)
{
    size_t seen = 0;
    for (size_t place = 0; place < piece_count(template); place++) {
        const struct piece piece = piece_at(template, place);
        if (piece.is_name && seen == index) {
            return piece.text;
        }
        seen += piece.is_name ? 1 : 0;
    }
    return (struct ps_str){NULL, 0};
}
