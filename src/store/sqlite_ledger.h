/*
 * sqlite_ledger - the pool ledger over one small SQLite file, for several processes.
 *
 * Rollback journal, synchronous=FULL, no lock between transactions; who comes while another is in
 * one waits for up to two seconds. What a killed process left open is rolled back by the next one.
 *
 * Owner: the caller closes. Threads: one.
 */
#ifndef PS_STORE_SQLITE_LEDGER_H
#define PS_STORE_SQLITE_LEDGER_H

#include "port/pool_ledger.h"

/* Opens or creates `path`. PS_E_CORRUPT, PS_E_IO; PS_E_CONFLICT: others are in it all the time. */
PS_MUST_CHECK enum ps_status
ps_sqlite_ledger_open(const char *path, struct ps_pool_ledger *ret_ledger, struct ps_error *err);
void ps_sqlite_ledger_close(struct ps_pool_ledger *ledger);

#endif
