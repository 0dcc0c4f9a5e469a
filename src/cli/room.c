#include "cli/room.h"

#include "base/buf.h"
#include "base/checked.h"
#include "base/limits.h"
#include "cli/say.h"
#include "codec/units.h"
#include "os/files.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Of a results line without its text: status, usage, model, index, the words around them. */
#define LINE_BYTES 250

/* Of an entry in a segment, its row and what is kept of each record while it is read. */
#define ENTRY_BYTES 100

/* A token is about four letters; as JSON, and in the body around it, the text stands twice. */
#define TOKEN_BYTES 4
#define TEXT_COPIES 2

static int64_t add(const int64_t left, const int64_t right)
{
    int64_t sum = 0;
    return ps_add_i64(left, right, &sum) ? sum : INT64_MAX;
}

static int64_t times(const int64_t left, const int64_t right)
{
    int64_t product = 0;
    return ps_mul_i64(left, right, &product) ? product : INT64_MAX;
}

/* Duplicates repeat their leader's text. */
static int64_t results_text_max(const struct ps_index_summary *const summary,
                                const int64_t text_max)
{
    int64_t bytes = 0;
    if (summary->sent == 0) {
        return 0;
    }
    return ps_muldiv_i64(text_max, summary->sent + summary->duplicates, summary->sent, &bytes)
               ? bytes
               : INT64_MAX;
}

void ps_room_need(const struct ps_settings *const settings,
                  const struct ps_index_summary *const summary, struct ps_room_need *const ret_need)
{
    const int64_t text_max = times(summary->output_tokens_max, TOKEN_BYTES * TEXT_COPIES);
    const int64_t answers_min = times(summary->sent, ENTRY_BYTES + LINE_BYTES);
    /* Input objects, and output objects that echo them. */
    const int64_t objects_min = settings->is_local ? times(summary->sent_bytes, 2) : 0;
    const int64_t objects_max = settings->is_local ? add(objects_min, text_max) : 0;
    const int64_t results_min = times(summary->records, LINE_BYTES);
    *ret_need = (struct ps_room_need){
        .state_min = add(answers_min, objects_min),
        .state_max = add(add(answers_min, text_max), objects_max),
        .results_min = results_min,
        .results_max = add(results_min, results_text_max(summary, text_max)),
    };
}

static bool fits(const int64_t need, const int64_t free_bytes)
{
    return free_bytes < 0 || need <= free_bytes;
}

enum ps_room_verdict ps_room_judge(const struct ps_room_need *const need,
                                   const struct ps_room_free *const free_room)
{
    const int64_t min =
        free_room->is_one ? add(need->state_min, need->results_min) : need->state_min;
    const int64_t max =
        free_room->is_one ? add(need->state_max, need->results_max) : need->state_max;
    if (!fits(min, free_room->state_bytes) || !fits(need->results_min, free_room->results_bytes)) {
        return PS_ROOM_IMPOSSIBLE;
    }
    return fits(max, free_room->state_bytes) && fits(need->results_max, free_room->results_bytes)
               ? PS_ROOM_FITS
               : PS_ROOM_DOUBTFUL;
}

static char *folder_of(const char *const path)
{
    char *const folder = ps_str_dup(ps_str_of(path));
    char *const slash = strrchr(folder, '/');
    if (slash == NULL) {
        free(folder);
        return ps_str_dup(PS_STR("."));
    }
    slash[slash == folder ? 1 : 0] = '\0';
    return folder;
}

static void look(const char *const folder, const char *const results_path,
                 struct ps_room_free *const ret_free)
{
    struct stat state;
    struct stat results;
    char *results_folder PS_CLEANUP(ps_str_free_auto) = folder_of(results_path);
    if (stat(results_path, &results) == 0 && !S_ISREG(results.st_mode)) {
        /* A pipe, a device: its room is not ours to ask. */
        *ret_free = (struct ps_room_free){ps_files_free_bytes(folder), -1, false};
        return;
    }
    *ret_free = (struct ps_room_free){
        .state_bytes = ps_files_free_bytes(folder),
        .results_bytes = ps_files_free_bytes(results_folder),
        .is_one = stat(folder, &state) == 0 && stat(results_folder, &results) == 0 &&
                  state.st_dev == results.st_dev,
    };
}

static void add_need(struct ps_buf *const buf, const struct ps_room_need *const need,
                     const struct ps_room_free *const free_room, const bool is_max)
{
    ps_units_add_bytes(buf, is_max ? need->state_max : need->state_min);
    ps_buf_add_text(buf, " for the run's folder (");
    ps_units_add_bytes(buf, free_room->state_bytes);
    ps_buf_add_text(buf, " are free)");
    if (free_room->results_bytes < 0) {
        return;
    }
    ps_buf_add_text(buf, " and ");
    ps_units_add_bytes(buf, is_max ? need->results_max : need->results_min);
    ps_buf_add_text(buf, " for the results (");
    if (free_room->is_one) {
        ps_buf_add_text(buf, "on the same disk)");
    } else {
        ps_units_add_bytes(buf, free_room->results_bytes);
        ps_buf_add_text(buf, " are free)");
    }
}

enum ps_status ps_room_check(const struct ps_settings *const settings,
                             const struct ps_index_summary *const summary, const char *const folder,
                             struct ps_error *const err)
{
    struct ps_room_need need;
    struct ps_room_free free_room;
    struct ps_buf text PS_CLEANUP(ps_buf_release);
    ps_buf_init(&text, PS_TEXT_BYTES_MAX);
    ps_room_need(settings, summary, &need);
    look(folder, settings->results_path, &free_room);
    const enum ps_room_verdict verdict = ps_room_judge(&need, &free_room);
    if (verdict == PS_ROOM_FITS) {
        return PS_OK;
    }
    add_need(&text, &need, &free_room, verdict == PS_ROOM_DOUBTFUL);
    if (verdict == PS_ROOM_DOUBTFUL) {
        ps_say("disk space may not do if all answers are as long as they may be: %s. A full disk "
               "stops the run, and loses nothing",
               ps_buf_text(&text));
        return PS_OK;
    }
    (void)ps_error_set(err, PS_E_REFUSED, PS_RETRY_LATER,
                       "could not start: there is not enough disk space even for empty answers: "
                       "%s",
                       ps_buf_text(&text));
    return ps_error_hint(err, "Make room, or choose other disks with --state-dir and -o.");
}
