#include "aws/settings.h"

#include "base/assert.h"
#include "base/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SHARED_FILE_BYTES_MAX PS_MB

const char *ps_aws_environment(const char *const name)
{
    const char *const text = getenv(name);
    return text == NULL || text[0] == '\0' ? NULL : text;
}

static const char *given(const char *const text)
{
    return text == NULL || text[0] == '\0' ? NULL : text;
}

static const char *home_folder(void)
{
    const char *const home = ps_aws_environment("HOME");
    if (home != NULL) {
        return home;
    }
    const struct passwd *const entry = getpwuid(getuid());
    return entry == NULL ? "/" : entry->pw_dir;
}

/* `variable`'s path, with ~ made whole, or the file `name` in ~/.aws. */
static char *shared_path(const char *const variable, const char *const name)
{
    struct ps_buf path PS_CLEANUP(ps_buf_release);
    ps_buf_init(&path, PS_TEXT_BYTES_MAX);
    const char *const named = ps_aws_environment(variable);
    if (named != NULL && !ps_str_starts_with(ps_str_of(named), PS_STR("~/"))) {
        ps_buf_add_text(&path, named);
    } else {
        ps_buf_add_text(&path, home_folder());
        ps_buf_add_text(&path, named != NULL ? named + 1 : "/.aws/");
        ps_buf_add_text(&path, named != NULL ? "" : name);
    }
    return ps_str_dup(ps_buf_str(&path));
}

static enum ps_status read_all(const int descriptor, const char *const path,
                               struct ps_buf *const buf, struct ps_error *const err)
{
    for (;;) {
        char *const room = ps_buf_reserve(buf, 4096);
        if (room == NULL) {
            return ps_error_set(err, PS_E_USAGE, PS_RETRY_NEVER,
                                "cannot use '%s': it is larger than %zu bytes", path,
                                SHARED_FILE_BYTES_MAX);
        }
        const ssize_t size = read(descriptor, room, 4096);
        if (size < 0 && errno != EINTR) {
            return ps_error_set_errno(err, PS_E_IO, errno, "could not read '%s'", path);
        }
        if (size == 0) {
            return PS_OK;
        }
        ps_buf_commit(buf, size > 0 ? (size_t)size : 0);
    }
}

static enum ps_status read_file(const char *const path, struct ps_buf *const buf,
                                struct ps_error *const err)
{
    ps_buf_init(buf, SHARED_FILE_BYTES_MAX);
    const int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) {
        if (errno == ENOENT || errno == ENOTDIR) {
            return PS_OK;
        }
        return ps_error_set_errno(err, PS_E_USAGE, errno, "cannot open '%s'", path);
    }
    const enum ps_status status = read_all(descriptor, path, buf, err);
    (void)close(descriptor);
    return status;
}

static enum ps_status find(const struct ps_aws_settings *const settings,
                           const struct ps_aws_setting *const wanted,
                           struct ps_str *const ret_value, bool *const ret_is_found,
                           struct ps_error *const err)
{
    const bool is_config = wanted->file == PS_AWS_FILE_CONFIG;
    const struct ps_buf *const text = is_config ? &settings->config : &settings->credentials;
    struct ps_error inner;
    const enum ps_status status =
        ps_aws_profile_find(ps_buf_str(text), wanted, ret_value, ret_is_found, &inner);
    if (status != PS_OK) {
        return ps_error_set(err, status, PS_RETRY_NEVER, "%s, in '%s'", inner.message,
                            is_config ? settings->config_path : settings->credentials_path);
    }
    return PS_OK;
}

enum ps_status ps_aws_settings_find(const struct ps_aws_settings *const settings,
                                    const enum ps_aws_file file, const char *const key,
                                    struct ps_str *const ret_value, bool *const ret_is_found,
                                    struct ps_error *const err)
{
    const struct ps_aws_setting wanted = {file, "profile", settings->profile, key, NULL};
    return find(settings, &wanted, ret_value, ret_is_found, err);
}

static enum ps_status check_profile(const struct ps_aws_settings *const settings,
                                    struct ps_error *const err)
{
    bool is_in_config = false;
    bool is_in_credentials = false;
    struct ps_str ignored;
    enum ps_status status =
        ps_aws_settings_find(settings, PS_AWS_FILE_CONFIG, NULL, &ignored, &is_in_config, err);
    if (status == PS_OK) {
        status = ps_aws_settings_find(settings, PS_AWS_FILE_CREDENTIALS, NULL, &ignored,
                                      &is_in_credentials, err);
    }
    if (status != PS_OK || !settings->is_profile_named || is_in_config || is_in_credentials) {
        return status;
    }
    (void)ps_error_set(err, PS_E_USAGE, PS_RETRY_NEVER, "cannot find the profile '%s'",
                       settings->profile);
    return ps_error_hint(err, "It is in neither '%s' nor '%s'.", settings->config_path,
                         settings->credentials_path);
}

enum ps_status ps_aws_settings_load(const struct ps_aws_flags *const flags,
                                    struct ps_aws_settings *const ret_settings,
                                    struct ps_error *const err)
{
    struct ps_aws_settings settings;
    memset(&settings, 0, sizeof(settings));
    settings.flags = *flags;
    const char *const flag = given(flags->profile);
    const char *const named = flag != NULL ? flag : ps_aws_environment("AWS_PROFILE");
    const char *const profile = named != NULL ? named : ps_aws_environment("AWS_DEFAULT_PROFILE");
    settings.profile = ps_str_dup(ps_str_of(profile != NULL ? profile : "default"));
    settings.is_profile_flag = flag != NULL;
    settings.is_profile_named = profile != NULL;
    settings.config_path = shared_path("AWS_CONFIG_FILE", "config");
    settings.credentials_path = shared_path("AWS_SHARED_CREDENTIALS_FILE", "credentials");
    ps_buf_init(&settings.credentials, SHARED_FILE_BYTES_MAX);
    enum ps_status status = read_file(settings.config_path, &settings.config, err);
    if (status == PS_OK) {
        status = read_file(settings.credentials_path, &settings.credentials, err);
    }
    if (status == PS_OK) {
        status = check_profile(&settings, err);
    }
    if (status != PS_OK) {
        ps_aws_settings_release(&settings);
        return status;
    }
    *ret_settings = settings;
    return PS_OK;
}

static void wipe(struct ps_buf *const buf)
{
    if (buf->data != NULL) {
        explicit_bzero(buf->data, buf->capacity);
    }
    ps_buf_release(buf);
}

void ps_aws_settings_release(struct ps_aws_settings *const settings)
{
    free(settings->profile);
    free(settings->config_path);
    free(settings->credentials_path);
    wipe(&settings->config);
    wipe(&settings->credentials);
    memset(settings, 0, sizeof(*settings));
}

enum ps_status ps_aws_settings_region(const struct ps_aws_settings *const settings,
                                      char **const ret_region, struct ps_error *const err)
{
    const char *const candidates[] = {given(settings->flags.region),
                                      ps_aws_environment("AWS_REGION"),
                                      ps_aws_environment("AWS_DEFAULT_REGION")};
    for (size_t index = 0; index < sizeof(candidates) / sizeof(candidates[0]); index++) {
        if (candidates[index] != NULL) {
            *ret_region = ps_str_dup(ps_str_of(candidates[index]));
            return PS_OK;
        }
    }
    struct ps_str value = PS_STR("");
    bool is_found = false;
    const enum ps_status status =
        ps_aws_settings_find(settings, PS_AWS_FILE_CONFIG, "region", &value, &is_found, err);
    if (status == PS_OK) {
        *ret_region = is_found && value.size > 0 ? ps_str_dup(value) : NULL;
    }
    return status;
}

/* `[services NAME]`, where the profile has `services = NAME`: "s3 =" and below it "  endpoint_url =
 * ...". */
static enum ps_status services_endpoint(const struct ps_aws_settings *const settings,
                                        const char *const service, struct ps_str *const ret_value,
                                        bool *const ret_is_found, struct ps_error *const err)
{
    struct ps_str name = PS_STR("");
    const enum ps_status status =
        ps_aws_settings_find(settings, PS_AWS_FILE_CONFIG, "services", &name, ret_is_found, err);
    if (status != PS_OK || !*ret_is_found) {
        return status;
    }
    char *section PS_CLEANUP(ps_str_free_auto) = ps_str_dup(name);
    const struct ps_aws_setting wanted = {PS_AWS_FILE_CONFIG, "services", section, service,
                                          "endpoint_url"};
    return find(settings, &wanted, ret_value, ret_is_found, err);
}

static bool is_true(const char *const text)
{
    return text != NULL && ps_str_equals_nocase(ps_str_of(text), PS_STR("true"));
}

enum ps_status ps_aws_settings_endpoint(const struct ps_aws_settings *const settings,
                                        const char *const service, char **const ret_url,
                                        struct ps_error *const err)
{
    *ret_url = NULL;
    const char *url = given(settings->flags.endpoint_url);
    const bool is_ignored = is_true(ps_aws_environment("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"));
    if (url == NULL && is_ignored) {
        return PS_OK;
    }
    if (url == NULL) {
        struct ps_buf variable PS_CLEANUP(ps_buf_release);
        ps_buf_init(&variable, 100);
        ps_buf_add_format(&variable, "AWS_ENDPOINT_URL_%s", service);
        url = ps_aws_environment(ps_buf_text(&variable));
    }
    url = url != NULL ? url : ps_aws_environment("AWS_ENDPOINT_URL");
    if (url != NULL) {
        *ret_url = ps_str_dup(ps_str_of(url));
        return PS_OK;
    }
    struct ps_str value = PS_STR("");
    bool is_found = false;
    enum ps_status status = services_endpoint(settings, service, &value, &is_found, err);
    if (status == PS_OK && !is_found) {
        status = ps_aws_settings_find(settings, PS_AWS_FILE_CONFIG, "endpoint_url", &value,
                                      &is_found, err);
    }
    if (status == PS_OK && is_found && value.size > 0) {
        *ret_url = ps_str_dup(value);
    }
    return status;
}
