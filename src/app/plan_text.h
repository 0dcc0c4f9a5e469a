/*
 * plan_text - a plan for people: the verdict first, then on one screen what it stands on.
 *
 * Pure. Threads: any.
 */
#ifndef PS_APP_PLAN_TEXT_H
#define PS_APP_PLAN_TEXT_H

#include "app/plan_view.h"
#include "base/buf.h"

/* A plan's text fits in this. */
#define PS_PLAN_TEXT_BYTES_MAX ((size_t)256 * 1024)

/* Lines for people, safe for a terminal, with the last line end; `buf` has that much room. */
void ps_plan_text_add(struct ps_buf *buf, const struct ps_plan_view *view);

/* The same words for who is about to send it: the verdict and, unless it is free, the
 * cost. */
void ps_plan_text_add_brief(struct ps_buf *buf, const struct ps_plan_view *view, bool is_free);

#endif
