/*
 * schema - the tables, and how a file of an older version becomes one of this.
 */
#ifndef PS_STORE_SCHEMA_H
#define PS_STORE_SCHEMA_H

#include "base/status.h"

#include <sqlite3.h>

/* Brings the file to this version; PS_E_CORRUPT when a newer penstock wrote it. */
PS_MUST_CHECK enum ps_status ps_schema_migrate(sqlite3 *database, struct ps_error *err);

#endif
