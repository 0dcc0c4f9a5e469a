/*
 * folder - a folder of its own for a test, removed with all that is in it.
 */
#ifndef PS_TEST_SIM_FOLDER_H
#define PS_TEST_SIM_FOLDER_H

/* free() the path after test_folder_remove. */
char *test_folder_new(void);
void test_folder_remove(char *path);

/* Copies all files of `from`, one level of folders deep, into the new folder `to`. */
void test_folder_copy(const char *from, const char *to);

/* All of a file; free() it. NULL when it is not there. */
char *test_file_read(const char *folder, const char *name);
void test_file_write(const char *folder, const char *name, const char *text);

#endif
