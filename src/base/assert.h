/*
 * assert - for what only a bug can break; on in every build.
 *
 * A function call, not a branch at the caller: coverage stays honest. Prints the place and ends the
 * process with status 70 (the state on disk is durable, so a restart is a normal path).
 */
#ifndef PS_BASE_ASSERT_H
#define PS_BASE_ASSERT_H

#include <assert.h>
#include <stdbool.h>

void ps_assert_holds(bool holds, const char *text, const char *file, int line);

#define PS_ASSERT(condition) ps_assert_holds((condition), #condition, __FILE__, __LINE__)

#endif
