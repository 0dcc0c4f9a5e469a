/*
 * sqlite_store - the state store over one SQLite file.
 *
 * Rollback journal, one connection, locking_mode=EXCLUSIVE, synchronous=FULL (SQLite before 3.51.3
 * can corrupt a WAL database that has two connections). A file from elsewhere is not trusted:
 * checked at open, no schema code runs.
 *
 * Owner: the caller closes. Threads: one.
 */
#ifndef PS_STORE_SQLITE_STORE_H
#define PS_STORE_SQLITE_STORE_H

#include "port/state_store.h"

/* Opens or creates `path`. PS_E_CONFLICT: another process holds it; PS_E_CORRUPT; PS_E_IO. */
PS_MUST_CHECK enum ps_status
ps_sqlite_store_open(const char *path, struct ps_state_store *ret_store, struct ps_error *err);
void ps_sqlite_store_close(struct ps_state_store *store);

#endif
