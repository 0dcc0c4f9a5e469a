/*
 * groups - which of very many 128-bit keys are equal? In bounded memory, on one temporary file.
 *
 * Keys are spread over parts by their highest bits; a part is small enough that its different keys
 * fit memory. One part needs no file. How many keys each part will get is known beforehand
 * (ps_spread), so each part is one run of bytes in the file, in the order in which its keys came.
 *
 * Owner: the caller frees, which removes the file. Threads: one at a time.
 */
#ifndef PS_APP_GROUPS_H
#define PS_APP_GROUPS_H

#include "app/index_pass.h"

struct ps_groups;

struct ps_groups *ps_groups_new(const char *folder, const struct ps_spread *spread);
struct ps_groups *ps_groups_free(struct ps_groups *groups);
void ps_groups_free_auto(struct ps_groups **groups);

/* Records come in ascending order, exactly as many of each part as the spread said. */
PS_MUST_CHECK enum ps_status ps_groups_add(struct ps_groups *groups, uint64_t low, uint64_t high,
                                           uint64_t record, struct ps_error *err);

/*
 * Calls `found` for every record whose key an earlier one has too: `first` is the earliest.
 * `is_second`: it is the first such call for that key. An error of `found` ends it.
 */
struct ps_groups_found {
    enum ps_status (*call)(void *context, uint64_t first, uint64_t record, bool is_second,
                           struct ps_error *err);
    void *context;
};
PS_MUST_CHECK enum ps_status
ps_groups_find(struct ps_groups *groups, const struct ps_groups_found *found, struct ps_error *err);

#endif
