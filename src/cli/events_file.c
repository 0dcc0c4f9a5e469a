#include "cli/events_file.h"

#include "app/turn.h"
#include "base/limits.h"
#include "os/files.h"

#include <sys/stat.h>

/* All that the store keeps, and as much again until the file is made anew. */
#define FILE_BYTES_MAX ((size_t)4 * PS_EVENTS_KEPT_MAX * PS_EVENT_ROW_BYTES_MAX)

static bool is_as_before(const struct ps_events_file *const file, const struct stat *const now)
{
    return now->st_ino == file->inode && now->st_size == file->size &&
           now->st_mtim.tv_sec == file->changed.tv_sec &&
           now->st_mtim.tv_nsec == file->changed.tv_nsec;
}

enum ps_status ps_events_file_read(struct ps_events_file *const file, ps_events_see *const see,
                                   void *const seer, struct ps_error *const err)
{
    struct stat now = {0};
    struct ps_buf text PS_CLEANUP(ps_buf_release);
    char *path PS_CLEANUP(ps_str_free_auto) = ps_files_join(file->folder, PS_EVENTS_FILE);
    ps_buf_init(&text, FILE_BYTES_MAX);
    if (stat(path, &now) != 0 || is_as_before(file, &now)) {
        return PS_OK;
    }
    if (ps_files_read(path, &text, err) != PS_OK) {
        return err->status == PS_E_NOT_FOUND ? PS_OK : err->status;
    }
    file->inode = now.st_ino;
    file->size = now.st_size;
    file->changed = now.st_mtim;
    struct ps_str rest = ps_buf_str(&text);
    for (size_t line_end = ps_str_find(rest, '\n'); line_end < rest.size;
         line_end = ps_str_find(rest, '\n')) {
        struct ps_seen_event event;
        if (ps_event_read_row(ps_str_part(rest, 0, line_end), &event) &&
            event.number > file->last_number) {
            file->last_number = event.number;
            see(seer, &event);
        }
        rest = ps_str_part(rest, line_end + 1, rest.size);
    }
    return PS_OK;
}
