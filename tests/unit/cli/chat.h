/*
 * chat - what is written to stderr meanwhile, caught in a file.
 */
#ifndef PS_TEST_CHAT_H
#define PS_TEST_CHAT_H

/* One at a time. */
void test_chat_begin(void);

/* What was said since; heap text. */
char *test_chat_end(void);

#endif
