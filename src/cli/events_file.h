/*
 * events_file - what a run decided and met, read from events.jsonl in its folder, again and again.
 *
 * The file grows while an owner lives, and is made anew when one starts; each event is shown once,
 * by its number. A line that is not whole yet is read later.
 *
 * Owner: the caller embeds it; the folder's text must live as long. Threads: one.
 *
 *     struct ps_events_file file = {.folder = folder};
 *     status = ps_events_file_read(&file, see, seer, &err);     and again
 */
#ifndef PS_CLI_EVENTS_FILE_H
#define PS_CLI_EVENTS_FILE_H

#include "app/event_text.h"
#include "base/status.h"

#include <sys/types.h>
#include <time.h>

struct ps_events_file {
    const char *folder;
    int64_t last_number; /* seen so far */
    ino_t inode;         /* as it was read last */
    off_t size;
    struct timespec changed;
};

typedef void ps_events_see(void *seer, const struct ps_seen_event *event);

/* What is new since the last call. No file: nothing is. PS_E_IO, PS_E_TOO_LARGE. */
PS_MUST_CHECK enum ps_status ps_events_file_read(struct ps_events_file *file, ps_events_see *see,
                                                 void *seer, struct ps_error *err);

#endif
