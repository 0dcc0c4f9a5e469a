/*
 * descriptors - how many files and connections this process may have open at once.
 *
 * Owner: the process. Threads: any.
 */
#ifndef PS_OS_DESCRIPTORS_H
#define PS_OS_DESCRIPTORS_H

#include <stdint.h>

/*
 * Raises the soft limit to `wanted`, or as far as the hard one lets it; never lowers it. Returns
 * what holds now.
 */
int64_t ps_descriptors_raise(int64_t wanted);

#endif
