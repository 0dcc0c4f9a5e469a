/*
 * source - the inputs of a finished index, open for making bodies again (the opaque type is in
 * shard_body.h).
 *
 * Threads: what is here does not change, so bodies on several threads may share it.
 */
#ifndef PS_APP_SOURCE_H
#define PS_APP_SOURCE_H

#include "app/shard_body.h"
#include "app/source_facts.h"

const struct ps_source_facts *ps_source_facts(const struct ps_source *source);
const struct ps_index *ps_source_index(const struct ps_source *source);

#endif
