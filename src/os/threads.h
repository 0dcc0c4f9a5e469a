/*
 * threads - one function on several processors, until all of them are done.
 */
#ifndef PS_OS_THREADS_H
#define PS_OS_THREADS_H

#include <stdint.h>

/* How many processors this process may use; at least 1. */
int64_t ps_threads_processors(void);

/*
 * Runs `work(context)` on `count` threads at once, this one among them, and returns when all have
 * returned. Where the machine gives no more threads, fewer do the work: it must be of a kind that
 * is shared out.
 */
void ps_threads_run(int64_t count, void (*work)(void *context), void *context);

#endif
