/*
 * call_journal - the answers to a job's calls on demand, kept as they come: `answers/<name>.calls`.
 *
 * Each is appended, and durable when ps_call_journal_sync returns: before that no wish row of a
 * call may go (rule R4). When the job is done they become its segment (app/answers), and the file
 * is removed once that is committed. A file that a crash left cut is read up to its last whole row.
 *
 * Little endian, as in memory: for each answer a struct ps_segment_row (offset: of its payload;
 * unused: XXH3-64 of the row before it), then the payload.
 *
 * Owner: the caller frees. Threads: one at a time.
 */
#ifndef PS_APP_CALL_JOURNAL_H
#define PS_APP_CALL_JOURNAL_H

#include "app/answers.h"
#include "core/wish.h"

struct ps_call_journal;

/* Opens it, or begins it where there is none. Nothing is made on disk before the first add. */
PS_MUST_CHECK enum ps_status ps_call_journal_open(const char *folder, const char *name,
                                                  struct ps_call_journal **ret_journal,
                                                  struct ps_error *err);
struct ps_call_journal *ps_call_journal_free(struct ps_call_journal *journal);

/* Appends; a record has one answer at most. */
PS_MUST_CHECK enum ps_status ps_call_journal_add(struct ps_call_journal *journal, int64_t record,
                                                 enum ps_answer_kind kind, struct ps_str payload,
                                                 struct ps_usage usage, struct ps_error *err);

/* All that was added is durable. */
PS_MUST_CHECK enum ps_status ps_call_journal_sync(struct ps_call_journal *journal,
                                                  struct ps_error *err);

bool ps_call_journal_has(const struct ps_call_journal *journal, int64_t record);
int64_t ps_call_journal_count(const struct ps_call_journal *journal);

/* Its lines and their tokens. */
struct ps_tally ps_call_journal_tally(const struct ps_call_journal *journal);

/* Adds every answer to the segment. PS_E_CORRUPT when a payload is not what was added. */
PS_MUST_CHECK enum ps_status ps_call_journal_file(struct ps_call_journal *journal,
                                                  struct ps_segment *segment, struct ps_error *err);

/* Its answers stand in a committed segment: the file goes. */
void ps_call_journal_remove(const char *folder, const char *name);

#endif
