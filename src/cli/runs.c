#include "cli/runs.h"

#include "base/buf.h"
#include "base/limits.h"
#include "os/files.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

char *ps_runs_root(const struct ps_options *const options)
{
    const char *const state_home = getenv("XDG_STATE_HOME");
    const char *const home = getenv("HOME");
    char *folder PS_CLEANUP(ps_str_free_auto) = NULL;
    if (options->state_dir != NULL) {
        return ps_files_absolute(options->state_dir);
    }
    if (state_home != NULL && state_home[0] == '/') {
        return ps_files_join(state_home, "penstock");
    }
    folder = ps_files_join(home == NULL ? "/tmp" : home, ".local/state");
    return ps_files_join(folder, "penstock");
}

char *ps_runs_folder(const char *const root, const char *const name)
{
    char *runs PS_CLEANUP(ps_str_free_auto) = ps_files_join(root, "runs");
    return ps_files_join(runs, name);
}

static int is_run(const struct dirent *const entry)
{
    return entry->d_name[0] != '.' ? 1 : 0;
}

void ps_runs_each(const char *const root,
                  void (*const see)(void *seer, const char *name, const char *folder),
                  void *const seer)
{
    char *runs PS_CLEANUP(ps_str_free_auto) = ps_files_join(root, "runs");
    struct dirent **entries = NULL;
    const int count = scandir(runs, &entries, is_run, alphasort);
    for (int place = 0; place < count; place++) {
        char *folder PS_CLEANUP(ps_str_free_auto) = ps_files_join(runs, entries[place]->d_name);
        char *settings PS_CLEANUP(ps_str_free_auto) = ps_files_join(folder, "run.json");
        if (ps_files_exists(settings)) {
            see(seer, entries[place]->d_name, folder);
        }
        free(entries[place]);
    }
    free(entries);
}

struct search {
    const char *word;
    char *found;
    int64_t count;
    bool is_exact;
};

static void look(void *const seer, const char *const name, const char *const folder)
{
    struct search *const search = seer;
    const bool is_exact = strcmp(name, search->word) == 0;
    if (search->is_exact || !ps_str_starts_with(ps_str_of(name), ps_str_of(search->word))) {
        return;
    }
    free(search->found);
    search->found = ps_str_dup(ps_str_of(folder));
    search->count = is_exact ? 1 : search->count + 1;
    search->is_exact = is_exact;
}

/* "a, b, c and 4 more". */
struct names {
    struct ps_buf text;
    int64_t count;
};

#define NAMES_SHOWN_MAX 5

static void add_name(void *const seer, const char *const name, const char *const folder)
{
    struct names *const names = seer;
    (void)folder;
    if (names->count < NAMES_SHOWN_MAX) {
        ps_buf_add_format(&names->text, "%s%.40s", names->count == 0 ? "" : ", ", name);
    }
    names->count++;
}

static void hint_names(const char *const root, struct ps_error *const err)
{
    struct names names = {.count = 0};
    ps_buf_init(&names.text, PS_TEXT_BYTES_MAX);
    ps_runs_each(root, add_name, &names);
    if (names.count > NAMES_SHOWN_MAX) {
        ps_buf_add_format(&names.text, " and %lld more ('penstock runs')",
                          (long long)(names.count - NAMES_SHOWN_MAX));
    }
    if (names.count == 0) {
        (void)ps_error_hint(err, "There are no runs in '%.150s' (--state-dir, XDG_STATE_HOME).",
                            root);
    } else {
        (void)ps_error_hint(err, "There are %s.", ps_buf_text(&names.text));
    }
    ps_buf_release(&names.text);
}

enum ps_status ps_runs_find(const struct ps_options *const options, char **const ret_folder,
                            struct ps_error *const err)
{
    char *root PS_CLEANUP(ps_str_free_auto) = ps_runs_root(options);
    if (options->argument_count != 1) {
        (void)ps_error_set(err, PS_E_USAGE, PS_RETRY_NEVER,
                           options->argument_count == 0 ? "cannot tell which run is meant"
                                                        : "cannot do this with several runs "
                                                          "at once");
        hint_names(root, err);
        return err->status;
    }
    struct search search = {options->arguments[0], NULL, 0, false};
    if (search.word[0] != '\0') {
        ps_runs_each(root, look, &search);
    }
    if (search.count != 1) {
        free(search.found);
        (void)ps_error_set(err, PS_E_USAGE, PS_RETRY_NEVER,
                           search.count == 0 ? "cannot find a run '%.60s'"
                                             : "cannot tell which run '%.60s' is: several begin so",
                           search.word);
        hint_names(root, err);
        return err->status;
    }
    *ret_folder = search.found;
    return PS_OK;
}

bool ps_runs_is_owned(const char *const folder)
{
    char *lock PS_CLEANUP(ps_str_free_auto) = ps_files_join(folder, "lock");
    return ps_files_is_locked(lock);
}
