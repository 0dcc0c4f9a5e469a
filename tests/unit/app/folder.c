#include "folder.h"

#include "base/assert.h"
#include "os/files.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#define FILE_BYTES_MAX ((size_t)256 * 1024 * 1024)

char *test_folder_new(void)
{
    const char *const base = getenv("TMPDIR");
    char *path = ps_files_join(base == NULL ? "/tmp" : base, "penstock-test-XXXXXX");
    PS_ASSERT(mkdtemp(path) != NULL);
    return path;
}

void test_folder_free_auto(char **const path)
{
    if (*path != NULL) {
        PS_ASSERT(ps_files_remove_tree(*path, NULL) == PS_OK);
        free(*path);
    }
}

char *test_file_read(const char *const folder, const char *const name, size_t *const ret_size)
{
    char *path PS_CLEANUP(ps_str_free_auto) = ps_files_join(folder, name);
    struct ps_buf buf;
    ps_buf_init(&buf, FILE_BYTES_MAX);
    PS_ASSERT(ps_files_read(path, &buf, NULL) == PS_OK);
    if (ret_size != NULL) {
        *ret_size = buf.size;
    }
    ps_buf_add(&buf, PS_STR(""));
    return buf.data;
}

void test_file_write(const char *const folder, const char *const name, const struct ps_str bytes)
{
    char *path PS_CLEANUP(ps_str_free_auto) = ps_files_join(folder, name);
    FILE *const file = fopen(path, "wb");
    PS_ASSERT(file != NULL);
    PS_ASSERT(fwrite(bytes.data, 1, bytes.size, file) == bytes.size);
    PS_ASSERT(fclose(file) == 0);
}

int test_folder_count(const char *const folder)
{
    int count = 0;
    DIR *const listing = opendir(folder);
    PS_ASSERT(listing != NULL);
    for (const struct dirent *entry = readdir(listing); entry != NULL; entry = readdir(listing)) {
        count += entry->d_name[0] != '.' ? 1 : 0;
    }
    (void)closedir(listing);
    return count;
}
