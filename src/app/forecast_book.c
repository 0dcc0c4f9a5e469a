#include "app/forecast_book.h"

#include "base/assert.h"
#include "core/rules.h"

#include <stdlib.h>
#include <string.h>

/* Records [first, end), each sent `tries` times so far. */
struct range {
    int64_t first;
    int64_t end;
    int64_t tries;
};

struct ranges {
    struct range *rows;
    int64_t count;
    int64_t room;
};

struct shard {
    int64_t first_range; /* of the job's */
    int64_t range_count;
    int64_t records;
    int64_t bytes;
    int64_t put_attempt;
};

struct job {
    struct ranges held; /* ascending, none across a shard's end */
    struct shard *shards;
    int64_t shard_count;
    int64_t records;
    struct ranges seen;  /* records with a line, as they came */
    struct ranges retry; /* of them, what another try may cure */
    int64_t lines;
    int64_t succeeded;
    int64_t failed;
    int64_t manifest_counted; /* -1: none was read */
    int64_t input_tokens;     /* as it says */
    int64_t output_tokens;
};

struct ps_forecast_book {
    struct ranges unsent;
    bool is_unsent_in_order;
    struct job **jobs; /* by number; NULL: holds nothing */
    int64_t job_room;
    struct ps_book_counts counts;
};

/* ------------------------------------------------ ranges */

/* Joins the last row where it goes on from that; rows below `from` are left alone. */
static void add_range(struct ranges *const ranges, const struct range range, const int64_t from)
{
    struct range *const last = ranges->count > from ? &ranges->rows[ranges->count - 1] : NULL;
    if (range.first == range.end) {
        return;
    }
    if (last != NULL && last->end == range.first && last->tries == range.tries) {
        last->end = range.end;
        return;
    }
    if (ranges->count == ranges->room) {
        ranges->room = ranges->room == 0 ? 1 : ranges->room * 2;
        ranges->rows = reallocarray(ranges->rows, (size_t)ranges->room, sizeof(ranges->rows[0]));
        PS_ASSERT(ranges->rows != NULL);
    }
    ranges->rows[ranges->count++] = range;
}

static void release(struct ranges *const ranges)
{
    free(ranges->rows);
    memset(ranges, 0, sizeof(*ranges));
}

static int compare(const void *const left, const void *const right)
{
    const struct range *const first = left;
    const struct range *const second = right;
    return (first->first > second->first) - (first->first < second->first);
}

/* In order of records, neighbours joined. */
static void put_in_order(struct ranges *const ranges)
{
    struct ranges joined = {NULL, 0, 0};
    if (ranges->count < 2) {
        return;
    }
    qsort(ranges->rows, (size_t)ranges->count, sizeof(ranges->rows[0]), compare);
    for (int64_t row = 0; row < ranges->count; row++) {
        add_range(&joined, ranges->rows[row], 0);
    }
    free(ranges->rows);
    *ranges = joined;
}

/* ------------------------------------------------ the book */

struct ps_forecast_book *ps_forecast_book_new(const int64_t records)
{
    struct ps_forecast_book *const book = calloc(1, sizeof(*book));
    PS_ASSERT(book != NULL);
    PS_ASSERT(records >= 0);
    add_range(&book->unsent, (struct range){0, records, 0}, 0);
    book->is_unsent_in_order = true;
    book->counts.unsent = records;
    return book;
}

static struct job *free_job(struct job *const job)
{
    if (job != NULL) {
        release(&job->held);
        release(&job->seen);
        release(&job->retry);
        free(job->shards);
        free(job);
    }
    return NULL;
}

struct ps_forecast_book *ps_forecast_book_free(struct ps_forecast_book *const book)
{
    if (book != NULL) {
        for (int64_t number = 0; number < book->job_room; number++) {
            (void)free_job(book->jobs[number]);
        }
        release(&book->unsent);
        free(book->jobs);
        free(book);
    }
    return NULL;
}

void ps_forecast_book_counts(const struct ps_forecast_book *const book,
                             struct ps_book_counts *const ret_counts)
{
    *ret_counts = book->counts;
}

bool ps_forecast_book_has(const struct ps_forecast_book *const book, const int64_t job)
{
    return job >= 0 && job < book->job_room && book->jobs[job] != NULL;
}

static struct job *find(const struct ps_forecast_book *const book, const int64_t number)
{
    PS_ASSERT(ps_forecast_book_has(book, number));
    return book->jobs[number];
}

static void add_unsent(struct ps_forecast_book *const book, const struct range range)
{
    add_range(&book->unsent, range, 0);
    book->is_unsent_in_order = false;
    book->counts.unsent += range.end - range.first;
}

/* ------------------------------------------------ cut */

/* Where the cut stands in the unsent records. */
struct cursor {
    const struct ranges *from;
    int64_t row;
    int64_t used; /* of that row */
    int64_t place;
};

/* The next records, up to `place`, go to `to`. */
static int64_t move_until(struct cursor *const cursor, const int64_t place, struct ranges *const to,
                          const int64_t to_from)
{
    int64_t resent = 0;
    while (cursor->place < place) {
        PS_ASSERT(cursor->row < cursor->from->count);
        const struct range row = cursor->from->rows[cursor->row];
        const int64_t first = row.first + cursor->used;
        const int64_t wanted = place - cursor->place;
        const int64_t count = row.end - first < wanted ? row.end - first : wanted;
        add_range(to, (struct range){first, first + count, row.tries}, to_from);
        resent += row.tries > 0 ? count : 0;
        cursor->place += count;
        cursor->used += count;
        if (first + count == row.end) {
            cursor->row++;
            cursor->used = 0;
        }
    }
    return resent;
}

static struct job *new_job(struct ps_forecast_book *const book, const int64_t number)
{
    if (number >= book->job_room) {
        const int64_t room = number * 2 + 1;
        book->jobs = reallocarray(book->jobs, (size_t)room, sizeof(book->jobs[0]));
        PS_ASSERT(book->jobs != NULL);
        memset(&book->jobs[book->job_room], 0,
               (size_t)(room - book->job_room) * sizeof(book->jobs[0]));
        book->job_room = room;
    }
    PS_ASSERT(book->jobs[number] == NULL);
    book->jobs[number] = calloc(1, sizeof(*book->jobs[number]));
    PS_ASSERT(book->jobs[number] != NULL);
    book->jobs[number]->manifest_counted = -1;
    return book->jobs[number];
}

/* Places [first, end) of the unsent records, for a shard of a job. */
struct piece {
    int64_t first;
    int64_t end;
    struct job *job;
    int64_t shard;
};

struct pieces {
    struct piece *rows;
    int64_t count;
    int64_t room;
};

/* Joins the last one where it goes on from that. */
static void add_piece(struct pieces *const pieces, const struct piece piece)
{
    struct piece *const last = pieces->count > 0 ? &pieces->rows[pieces->count - 1] : NULL;
    if (last != NULL && last->job == piece.job && last->shard == piece.shard &&
        last->end == piece.first) {
        last->end = piece.end;
        return;
    }
    if (pieces->count == pieces->room) {
        pieces->room = pieces->room == 0 ? 16 : pieces->room * 2;
        pieces->rows = reallocarray(pieces->rows, (size_t)pieces->room, sizeof(pieces->rows[0]));
        PS_ASSERT(pieces->rows != NULL);
    }
    pieces->rows[pieces->count++] = piece;
}

static int compare_pieces(const void *const left, const void *const right)
{
    const struct piece *const first = left;
    const struct piece *const second = right;
    return (first->first > second->first) - (first->first < second->first);
}

static void open_job(struct ps_forecast_book *const book,
                     const struct ps_allotment_part *const part,
                     const struct ps_plan_job *const cut, struct job *const job,
                     struct pieces *const pieces)
{
    job->shard_count = cut->shard_count;
    job->records = cut->records;
    job->shards = calloc((size_t)cut->shard_count + 1, sizeof(job->shards[0]));
    PS_ASSERT(job->shards != NULL);
    for (int64_t place = 0; place < cut->shard_count; place++) {
        const struct ps_plan_shard *const from = &part->plan.shards[cut->first_shard + place];
        job->shards[place].records = from->records;
        job->shards[place].bytes = from->bytes;
        if (part->picked == NULL) {
            add_piece(pieces, (struct piece){from->first, from->end, job, place});
        }
        for (int64_t pick = from->first; part->picked != NULL && pick < from->end; pick++) {
            const int64_t at = (int64_t)part->picked[pick];
            add_piece(pieces, (struct piece){at, at + 1, job, place});
        }
    }
    book->counts.held += cut->records;
    book->counts.unsent -= cut->records;
}

/* Pieces come in order of places, so each job's shards and their ranges do, too. */
static void give(struct ps_forecast_book *const book, const struct pieces *const pieces,
                 const int64_t unsent)
{
    struct ranges rest = {NULL, 0, 0};
    struct cursor cursor = {&book->unsent, 0, 0, 0};
    for (int64_t place = 0; place < pieces->count; place++) {
        const struct piece *const piece = &pieces->rows[place];
        struct shard *const shard = &piece->job->shards[piece->shard];
        struct ranges *const held = &piece->job->held;
        shard->first_range = shard->range_count == 0 ? held->count : shard->first_range;
        (void)move_until(&cursor, piece->first, &rest, 0);
        book->counts.resent += move_until(&cursor, piece->end, held, shard->first_range);
        shard->range_count = held->count - shard->first_range;
    }
    (void)move_until(&cursor, unsent, &rest, 0);
    release(&book->unsent);
    book->unsent = rest;
}

void ps_forecast_book_cut(struct ps_forecast_book *const book,
                          const struct ps_allotment *const allotment, const int64_t first_number)
{
    struct pieces pieces = {NULL, 0, 0};
    const int64_t unsent = book->counts.unsent;
    if (!book->is_unsent_in_order) {
        put_in_order(&book->unsent);
        book->is_unsent_in_order = true;
    }
    for (int64_t place = 0; place < allotment->job_count; place++) {
        const struct ps_allotment_part *part = NULL;
        const struct ps_plan_job *const cut = ps_allotment_job(allotment, place, &part);
        open_job(book, part, cut, new_job(book, first_number + place), &pieces);
    }
    if (pieces.count > 0) {
        qsort(pieces.rows, (size_t)pieces.count, sizeof(pieces.rows[0]), compare_pieces);
    }
    give(book, &pieces, unsent);
    free(pieces.rows);
}

/* ------------------------------------------------ on its way */

struct ps_shard_row *ps_forecast_book_rows(const struct ps_forecast_book *const book,
                                           const int64_t job, int64_t *const ret_count)
{
    const struct job *const found = find(book, job);
    struct ps_shard_row *const rows = calloc((size_t)found->shard_count + 1, sizeof(*rows));
    PS_ASSERT(rows != NULL);
    for (int64_t place = 0; place < found->shard_count; place++) {
        const struct shard *const shard = &found->shards[place];
        rows[place] = (struct ps_shard_row){.end = shard->records,
                                            .records = shard->records,
                                            .bytes = shard->bytes,
                                            .put_attempt = shard->put_attempt};
    }
    *ret_count = found->shard_count;
    return rows;
}

static struct shard *find_shard(const struct ps_forecast_book *const book, const int64_t job,
                                const int64_t shard)
{
    const struct job *const found = find(book, job);
    PS_ASSERT(shard >= 0);
    PS_ASSERT(shard < found->shard_count);
    return &found->shards[shard];
}

int64_t ps_forecast_book_each(const struct ps_forecast_book *const book, const int64_t job,
                              const int64_t shard,
                              void (*const see)(void *seer, int64_t first, int64_t end),
                              void *const seer)
{
    const struct shard *const found = find_shard(book, job, shard);
    const struct range *const rows = find(book, job)->held.rows;
    for (int64_t row = 0; row < found->range_count; row++) {
        const struct range range = rows[found->first_range + row];
        see(seer, range.first, range.end);
    }
    return found->bytes;
}

void ps_forecast_book_put(struct ps_forecast_book *const book, const int64_t job,
                          const int64_t shard, const int64_t attempt)
{
    find_shard(book, job, shard)->put_attempt = attempt;
}

static void forget_job(struct ps_forecast_book *const book, const int64_t number)
{
    book->counts.held -= book->jobs[number]->records;
    book->jobs[number] = free_job(book->jobs[number]);
}

void ps_forecast_book_let_go(struct ps_forecast_book *const book, const int64_t job)
{
    const struct job *const found = find(book, job);
    for (int64_t row = 0; row < found->held.count; row++) {
        add_unsent(book, found->held.rows[row]);
    }
    forget_job(book, job);
}

/* ------------------------------------------------ what came back */

void ps_forecast_book_begin(struct ps_forecast_book *const book, const int64_t job)
{
    struct job *const found = find(book, job);
    release(&found->seen);
    release(&found->retry);
    found->lines = 0;
    found->succeeded = 0;
    found->failed = 0;
    found->manifest_counted = -1;
    found->input_tokens = 0;
    found->output_tokens = 0;
}

void ps_forecast_book_line(struct ps_forecast_book *const book, const int64_t job,
                           const enum ps_book_line line, const int64_t first, const int64_t end)
{
    struct job *const found = find(book, job);
    const struct range range = {first, end, 0};
    PS_ASSERT(first <= end);
    add_range(&found->seen, range, 0);
    found->lines += end - first;
    if (line == PS_BOOK_RETRYABLE) {
        add_range(&found->retry, range, 0);
    } else if (line == PS_BOOK_FAILED) {
        found->failed += end - first;
    } else {
        found->succeeded += end - first;
    }
}

void ps_forecast_book_manifest(struct ps_forecast_book *const book, const int64_t job,
                               const int64_t counted, const int64_t input_tokens,
                               const int64_t output_tokens)
{
    struct job *const found = find(book, job);
    found->manifest_counted = counted;
    found->input_tokens = input_tokens;
    found->output_tokens = output_tokens;
}

void ps_forecast_book_tally(const struct ps_forecast_book *const book, const int64_t job,
                            struct ps_tally *const ret_tally)
{
    const struct job *const found = find(book, job);
    *ret_tally = (struct ps_tally){.lines = found->lines,
                                   .missing = found->records - found->lines,
                                   .succeeded = found->succeeded,
                                   .has_manifest = found->manifest_counted >= 0,
                                   .manifest_counted = found->manifest_counted,
                                   .input_tokens = found->input_tokens,
                                   .output_tokens = found->output_tokens};
}

/* ------------------------------------------------ endings */

/* One more try has ended without success: another is due, or that was the last (R7). */
static void again(struct ps_forecast_book *const book, const struct range range)
{
    if (range.tries + 1 >= PS_RECORD_TRIES_MAX) {
        book->counts.failed += range.end - range.first;
    } else {
        add_unsent(book, (struct range){range.first, range.end, range.tries + 1});
    }
}

static void end_missing(struct ps_forecast_book *const book, const struct range range,
                        const enum ps_job_verdict verdict)
{
    if (verdict == PS_VERDICT_CANCELLED) {
        book->counts.cancelled += range.end - range.first;
    } else if (verdict == PS_VERDICT_NONE || verdict == PS_VERDICT_UNPROCESSED) {
        again(book, range);
    } else {
        book->counts.failed += range.end - range.first;
    }
}

static int64_t later(const int64_t left, const int64_t right)
{
    return left > right ? left : right;
}

static int64_t sooner(const int64_t left, const int64_t right)
{
    return left < right ? left : right;
}

/* What is held and in `seen` is tried again, each with the tries it has; both are in order. */
static void end_retry(struct ps_forecast_book *const book, const struct ranges *const held,
                      const struct ranges *const retry)
{
    int64_t from = 0;
    for (int64_t row = 0; row < retry->count; row++) {
        const struct range range = retry->rows[row];
        while (from < held->count && held->rows[from].end <= range.first) {
            from++;
        }
        for (int64_t place = from; place < held->count && held->rows[place].first < range.end;
             place++) {
            const struct range of = held->rows[place];
            again(book, (struct range){later(of.first, range.first), sooner(of.end, range.end),
                                       of.tries});
        }
    }
}

/* What is held and has no line gets the verdict. Returns how many held records have one. */
static int64_t end_unseen(struct ps_forecast_book *const book, const struct ranges *const held,
                          const struct ranges *const seen, const enum ps_job_verdict verdict)
{
    int64_t met = 0;
    int64_t from = 0;
    for (int64_t row = 0; row < held->count; row++) {
        const struct range range = held->rows[row];
        int64_t at = range.first;
        while (from < seen->count && seen->rows[from].end <= range.first) {
            from++;
        }
        for (int64_t place = from; place < seen->count && seen->rows[place].first < range.end;
             place++) {
            const int64_t first = later(at, seen->rows[place].first);
            const int64_t end = later(first, sooner(range.end, seen->rows[place].end));
            end_missing(book, (struct range){at, first, range.tries}, verdict);
            met += end - first;
            at = end;
        }
        end_missing(book, (struct range){at, range.end, range.tries}, verdict);
    }
    return met;
}

void ps_forecast_book_close(struct ps_forecast_book *const book, const int64_t job,
                            const enum ps_job_verdict verdict)
{
    struct job *const found = find(book, job);
    put_in_order(&found->seen);
    put_in_order(&found->retry);
    const int64_t met = end_unseen(book, &found->held, &found->seen, verdict);
    end_retry(book, &found->held, &found->retry);
    book->counts.succeeded += found->succeeded;
    book->counts.failed += found->failed;
    book->counts.strays += found->lines - met;
    forget_job(book, job);
}

void ps_forecast_book_give_up(struct ps_forecast_book *const book,
                              const enum ps_job_verdict verdict)
{
    if (verdict == PS_VERDICT_CANCELLED) {
        book->counts.cancelled += book->counts.unsent;
    } else {
        book->counts.failed += book->counts.unsent;
    }
    book->counts.unsent = 0;
    release(&book->unsent);
    book->is_unsent_in_order = true;
}
