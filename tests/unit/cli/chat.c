#include "chat.h"

#include "base/assert.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define SAID_BYTES_MAX 100000

static FILE *caught;
static int kept_stderr;

void test_chat_begin(void)
{
    (void)fflush(stderr);
    caught = tmpfile();
    PS_ASSERT(caught != NULL);
    kept_stderr = dup(STDERR_FILENO);
    PS_ASSERT(dup2(fileno(caught), STDERR_FILENO) == STDERR_FILENO);
}

char *test_chat_end(void)
{
    char *const text = calloc(1, SAID_BYTES_MAX + 1);
    PS_ASSERT(text != NULL);
    (void)fflush(stderr);
    PS_ASSERT(dup2(kept_stderr, STDERR_FILENO) == STDERR_FILENO);
    (void)close(kept_stderr);
    rewind(caught);
    PS_ASSERT(fread(text, 1, SAID_BYTES_MAX, caught) < SAID_BYTES_MAX);
    (void)fclose(caught);
    return text;
}
