#include "command_line.h"

#include "base/assert.h"

#include <string.h>

#define WORDS_MAX 30

void test_options_of(struct ps_options *const options, char *const line)
{
    char *argv[WORDS_MAX + 1] = {NULL};
    int argc = 0;
    char *rest = NULL;
    for (char *word = strtok_r(line, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest)) {
        PS_ASSERT(argc < WORDS_MAX);
        argv[argc++] = word;
    }
    struct ps_error err;
    PS_ASSERT(ps_options_parse(options, argc, argv, &err) == PS_OK);
}
