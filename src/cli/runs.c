#include "cli/runs.h"

#include "base/assert.h"
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

enum ps_status ps_runs_find(const struct ps_options *const options, char **const ret_folder,
                            struct ps_error *const err)
{
    if (options->argument_count != 1) {
        (void)ps_error_set(err, PS_E_USAGE, PS_RETRY_NEVER, "cannot tell which run is meant");
        return ps_error_hint(err, "Give one name of a run; 'penstock runs' lists them.");
    }
    char *root PS_CLEANUP(ps_str_free_auto) = ps_runs_root(options);
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
        return ps_error_hint(err, "'penstock runs' lists those in '%.150s'.", root);
    }
    *ret_folder = search.found;
    return PS_OK;
}

bool ps_runs_is_owned(const char *const folder)
{
    char *lock PS_CLEANUP(ps_str_free_auto) = ps_files_join(folder, "lock");
    return ps_files_is_locked(lock);
}
