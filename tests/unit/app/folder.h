/*
 * folder - a folder of its own for a test, below TMPDIR or /tmp, removed with all that is in it.
 */
#ifndef PS_TEST_FOLDER_H
#define PS_TEST_FOLDER_H

#include "base/str.h"

#include <stddef.h>

/* Heap text. */
char *test_folder_new(void);
void test_folder_free_auto(char **path);

/* Whole files; ending the test when it cannot be done. Text is on the heap and terminated. */
char *test_file_read(const char *folder, const char *name, size_t *ret_size);
void test_file_write(const char *folder, const char *name, struct ps_str bytes);

/* How many files stand in the folder. */
int test_folder_count(const char *folder);

#endif
