/*
 * template - a prompt with places for columns: "Translate: {text}".
 *
 * {name} is replaced by that column (CSV) or member (JSON Lines; {a.b} reaches into objects where
 * no member is called "a.b"). A brace is written twice: {{ and }}. One line end at the end of a
 * template file is not part of it: editors put it there.
 *
 * Owner: the caller frees. Threads: reading is safe from any.
 */
#ifndef PS_CORE_TEMPLATE_H
#define PS_CORE_TEMPLATE_H

#include "base/buf.h"
#include "base/status.h"

struct ps_template;

/* PS_E_USAGE where a brace has no partner or a name is empty; the message says where. */
PS_MUST_CHECK enum ps_status ps_template_new(struct ps_str text, struct ps_template **ret_template,
                                             struct ps_error *err);
struct ps_template *ps_template_free(struct ps_template *template);
void ps_template_free_auto(struct ps_template **template);

/*
 * Appends what the template becomes: `find` appends the value of a name, and answers false when it
 * cannot, which ends the filling with false.
 */
PS_MUST_CHECK bool ps_template_fill(const struct ps_template *template,
                                    bool (*find)(void *context, struct ps_str name,
                                                 struct ps_buf *to),
                                    void *context, struct ps_buf *to);

/* Its names in order, for messages and checks. */
struct ps_str ps_template_name(const struct ps_template *template, size_t index);
size_t ps_template_name_count(const struct ps_template *template);

#endif
