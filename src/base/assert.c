#include "base/assert.h"

#include <stdio.h>
#include <unistd.h>

#define EXIT_BUG 70

void ps_assert_holds(const bool holds, const char *const text, const char *const file,
                     const int line)
{
    if (!holds) {
        (void)fprintf(stderr, "penstock: bug: '%s' does not hold at %s:%d\n", text, file, line);
        _exit(EXIT_BUG);
    }
}
