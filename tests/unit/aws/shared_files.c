#include "shared_files.h"

#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char folder[64];

static void write_file(const char *const name, const char *const variable, const char *const text)
{
    char path[128];
    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    (void)setenv(variable, path, 1);
    if (text == NULL) {
        return;
    }
    FILE *const file = fopen(path, "w");
    if (file == NULL || fputs(text, file) < 0 || fclose(file) != 0) {
        abort();
    }
}

void shared_files_make(const char *const config, const char *const credentials)
{
    fixture_clean_environment();
    (void)snprintf(folder, sizeof(folder), "%s", "/tmp/penstock-test-XXXXXX");
    if (mkdtemp(folder) == NULL) {
        abort();
    }
    write_file("config", "AWS_CONFIG_FILE", config);
    write_file("credentials", "AWS_SHARED_CREDENTIALS_FILE", credentials);
}

void shared_files_remove(void)
{
    char path[128];
    (void)snprintf(path, sizeof(path), "%s/config", folder);
    (void)unlink(path);
    (void)snprintf(path, sizeof(path), "%s/credentials", folder);
    (void)unlink(path);
    (void)rmdir(folder);
    fixture_clean_environment();
}
