/*
 * spool - bytes that cannot be read twice, written once to where they can: unpacked.
 */
#ifndef PS_APP_SPOOL_H
#define PS_APP_SPOOL_H

#include "base/status.h"
#include "codec/unpack.h"

/*
 * Reads `descriptor` to its end (what packing it has, its first bytes say) and writes the plain
 * bytes to the new file `path`. `name` is for messages. PS_E_INPUT: a broken or cut stream;
 * PS_E_TOO_LARGE: a bomb; PS_E_IO.
 */
PS_MUST_CHECK enum ps_status ps_spool_write(int descriptor, const char *name, const char *path,
                                            struct ps_error *err);

#endif
