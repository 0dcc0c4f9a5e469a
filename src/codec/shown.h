/*
 * shown - other people's text on a terminal: nothing in it can move the cursor, change colours,
 * hide or reorder what stands around it.
 *
 * Pure. Threads: any.
 */
#ifndef PS_CODEC_SHOWN_H
#define PS_CODEC_SHOWN_H

#include "base/buf.h"

/*
 * Appends `text` on one line, cut after about `bytes_max` bytes ("..." then follows). Control
 * characters, line and paragraph separators and those that change the direction of writing become
 * \u001b and the like; bytes that are not UTF-8 become \xff and the like. A text of 6 * bytes_max +
 * 16 bytes must fit.
 */
void ps_shown_add(struct ps_buf *buf, struct ps_str text, size_t bytes_max);

#endif
