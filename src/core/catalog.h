/*
 * catalog - the data files of data/, built into the program as they stand.
 */
#ifndef PS_CORE_CATALOG_H
#define PS_CORE_CATALOG_H

#include "base/str.h"

/* data/limits.json. */
struct ps_str ps_catalog_limits(void);

/* data/startup.json. */
struct ps_str ps_catalog_startup(void);

/* data/models.json; core/models reads it. */
struct ps_str ps_catalog_models(void);

#endif
