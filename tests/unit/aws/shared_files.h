/*
 * shared_files - a config and a credentials file of AWS's kind in a temporary folder, named in the
 * environment.
 */
#ifndef PS_TESTS_AWS_SHARED_FILES_H
#define PS_TESTS_AWS_SHARED_FILES_H

/* NULL: no such file. Also clears every other AWS variable. */
void shared_files_make(const char *config, const char *credentials);
void shared_files_remove(void);

#endif
