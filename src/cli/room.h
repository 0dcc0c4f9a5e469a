/*
 * room - is there disk for what a run will write? Asked before anything is sent.
 *
 * Index and ids are written by then. What comes: answers (in the run's folder), results and their
 * side files (the same text once more), and for a local run the emulator's objects. How long
 * answers are nobody knows; their limit is known. So a run is refused only where not even empty
 * answers fit, and warned about where answers at their limit would not.
 *
 * Threads: any.
 */
#ifndef PS_CLI_ROOM_H
#define PS_CLI_ROOM_H

#include "app/index.h"
#include "app/settings.h"

/* Bytes that a run will write. */
struct ps_room_need {
    int64_t state_min; /* in the run's folder, with empty answers */
    int64_t state_max; /* with answers at their limit */
    int64_t results_min;
    int64_t results_max;
};

void ps_room_need(const struct ps_settings *settings, const struct ps_index_summary *summary,
                  struct ps_room_need *ret_need);

/* Free bytes of the file systems of the run's folder and of the results; -1: nobody knows. */
struct ps_room_free {
    int64_t state_bytes;
    int64_t results_bytes;
    bool is_one; /* one file system holds both */
};

enum ps_room_verdict { PS_ROOM_FITS, PS_ROOM_DOUBTFUL, PS_ROOM_IMPOSSIBLE };
enum ps_room_verdict ps_room_judge(const struct ps_room_need *need,
                                   const struct ps_room_free *free_room);

/* Says so on stderr where it is doubtful; PS_E_REFUSED where it is impossible. */
PS_MUST_CHECK enum ps_status ps_room_check(const struct ps_settings *settings,
                                           const struct ps_index_summary *summary,
                                           const char *folder, struct ps_error *err);

#endif
