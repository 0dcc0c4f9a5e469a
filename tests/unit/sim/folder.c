#include "folder.h"

#include "base/assert.h"
#include "base/str.h"

#include <dirent.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

char *test_folder_new(void)
{
    char path[] = "/tmp/penstock-sim-XXXXXX";
    PS_ASSERT(mkdtemp(path) != NULL);
    return ps_str_dup(ps_str_of(path));
}

static int remove_one(const char *const path, const struct stat *const facts, const int kind,
                      struct FTW *const place)
{
    (void)facts;
    (void)kind;
    (void)place;
    return remove(path);
}

void test_folder_remove(char *const path)
{
    (void)nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void copy_file(const char *const from, const char *const to)
{
    char room[65536];
    FILE *const source = fopen(from, "rbe");
    FILE *const target = fopen(to, "wbe");
    PS_ASSERT(source != NULL && target != NULL);
    for (size_t got = fread(room, 1, sizeof room, source); got > 0;
         got = fread(room, 1, sizeof room, source)) {
        PS_ASSERT(fwrite(room, 1, got, target) == got);
    }
    (void)fclose(source);
    (void)fclose(target);
}

void test_folder_copy(const char *const from, const char *const to)
{
    char source[PATH_MAX];
    char target[PATH_MAX];
    PS_ASSERT(mkdir(to, 0700) == 0);
    DIR *const folder = opendir(from);
    PS_ASSERT(folder != NULL);
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        struct stat facts;
        if (entry->d_name[0] == '.') {
            continue;
        }
        (void)snprintf(source, sizeof source, "%s/%s", from, entry->d_name);
        (void)snprintf(target, sizeof target, "%s/%s", to, entry->d_name);
        PS_ASSERT(stat(source, &facts) == 0);
        if (S_ISDIR(facts.st_mode)) {
            test_folder_copy(source, target);
        } else {
            copy_file(source, target);
        }
    }
    (void)closedir(folder);
}

char *test_file_read(const char *const folder, const char *const name)
{
    char path[PATH_MAX];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *const file = fopen(path, "rbe");
    if (file == NULL) {
        return NULL;
    }
    PS_ASSERT(fseek(file, 0, SEEK_END) == 0);
    const long size = ftell(file);
    rewind(file);
    char *const text = calloc(1, (size_t)size + 1);
    PS_ASSERT(text != NULL && fread(text, 1, (size_t)size, file) == (size_t)size);
    (void)fclose(file);
    return text;
}

void test_file_write(const char *const folder, const char *const name, const char *const text)
{
    char path[PATH_MAX];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *const file = fopen(path, "wbe");
    PS_ASSERT(file != NULL && fwrite(text, 1, strlen(text), file) == strlen(text));
    (void)fclose(file);
}
