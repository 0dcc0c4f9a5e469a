#include "cli/reading.h"

#include "app/turn.h"
#include "base/assert.h"
#include "base/limits.h"
#include "os/files.h"
#include "store/sqlite_store.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct names {
    char **names;
    int64_t count;
};

void ps_reading_init(struct ps_reading *const reading)
{
    memset(reading, 0, sizeof(*reading));
    ps_settings_init(&reading->settings);
}

void ps_reading_release(struct ps_reading *const reading)
{
    (void)ps_answers_free(reading->answers);
    (void)ps_index_free(reading->index);
    ps_settings_release(&reading->settings);
    ps_reading_init(reading);
}

static void add_name(void *const seer, const char *const name)
{
    struct names *const names = seer;
    names->names = reallocarray(names->names, (size_t)names->count + 1, sizeof(names->names[0]));
    PS_ASSERT(names->names != NULL);
    names->names[names->count++] = ps_str_dup(ps_str_of(name));
}

static void release_names(struct names *const names)
{
    for (int64_t name = 0; name < names->count; name++) {
        free(names->names[name]);
    }
    free(names->names);
}

/* From the owner's list; a run that has not committed any yet has none. */
static enum ps_status read_list(const char *const folder, struct names *const names,
                                struct ps_error *const err)
{
    struct ps_buf text PS_CLEANUP(ps_buf_release);
    char *path PS_CLEANUP(ps_str_free_auto) = ps_files_join(folder, PS_SEGMENTS_FILE);
    ps_buf_init(&text, PS_ANSWER_BYTES_MAX);
    if (ps_files_read(path, &text, err) != PS_OK) {
        return err->status == PS_E_NOT_FOUND ? PS_OK : err->status;
    }
    struct ps_str rest = ps_buf_str(&text);
    while (rest.size > 0) {
        const size_t line_end = ps_str_find(rest, '\n');
        char *name PS_CLEANUP(ps_str_free_auto) = ps_str_dup(ps_str_part(rest, 0, line_end));
        add_name(names, name);
        rest = ps_str_part(rest, line_end + 1, rest.size);
    }
    return PS_OK;
}

/* Of a run that nobody owns: its lock is held meanwhile, so that nobody begins to. */
static enum ps_status read_store(const char *const folder, struct names *const names,
                                 struct ps_error *const err)
{
    struct ps_state_store store = {NULL, NULL};
    char *path PS_CLEANUP(ps_str_free_auto) = ps_files_join(folder, "run.db");
    if (!ps_files_exists(path)) {
        return PS_OK; /* not begun */
    }
    if (ps_sqlite_store_open(path, &store, err) != PS_OK) {
        return err->status;
    }
    const enum ps_status status = store.ops->each_segment(store.context, add_name, names, err);
    ps_sqlite_store_close(&store);
    return status;
}

/* The store is its owner's alone; beside a live one its list is what there is. */
static enum ps_status read_segments(const char *const folder, struct names *const names,
                                    struct ps_error *const err)
{
    char *path PS_CLEANUP(ps_str_free_auto) = ps_files_join(folder, "lock");
    int lock = -1;
    int64_t owner_pid = 0;
    if (ps_files_lock(path, &lock, &owner_pid, err) != PS_OK) {
        return err->status == PS_E_CONFLICT ? read_list(folder, names, err) : err->status;
    }
    const enum ps_status status = read_store(folder, names, err);
    (void)close(lock);
    return status;
}

enum ps_status ps_reading_open(struct ps_reading *const reading, const char *const folder,
                               struct ps_error *const err)
{
    struct names names PS_CLEANUP(release_names) = {NULL, 0};
    char *answers PS_CLEANUP(ps_str_free_auto) = ps_files_join(folder, "answers");
    if (ps_settings_read(&reading->settings, folder, err) != PS_OK ||
        ps_index_open(folder, &reading->index, err) != PS_OK ||
        read_segments(folder, &names, err) != PS_OK) {
        return err->status;
    }
    return ps_answers_look(answers, ps_index_count(reading->index),
                           (const char *const *)names.names, names.count, &reading->answers, err);
}
