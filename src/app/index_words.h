/*
 * index_words - how the ids file keeps what results say of a record.
 *
 * A row: five numbers (size of id, of kept fields and of error; line; input), each in groups of
 * seven bits, the lowest first, the top bit set in all but the last group; then the three texts.
 *
 * Threads: pure.
 */
#ifndef PS_APP_INDEX_WORDS_H
#define PS_APP_INDEX_WORDS_H

#include "app/index.h"
#include "base/buf.h"
#include "core/rejection.h"

/* Appends the row; `error` is made of the rejection where it has a code. False: the cap of `buf`.
 */
PS_MUST_CHECK bool ps_words_write(struct ps_buf *buf, const struct ps_record_words *words,
                                  const struct ps_rejection *rejection);

/* Reads the row that begins at `*offset` and moves it behind. False: the bytes are no row. */
PS_MUST_CHECK bool ps_words_read(struct ps_str bytes, size_t *offset,
                                 struct ps_record_words *ret_words);

/* The most that a row's numbers take. */
#define PS_WORDS_HEAD_MAX ((size_t)50)

/* How many bytes the row has whose first PS_WORDS_HEAD_MAX bytes (or all) these are; false: no row.
 */
PS_MUST_CHECK bool ps_words_size(struct ps_str head, size_t *ret_size, size_t *ret_id_from,
                                 size_t *ret_id_size);

#endif
