#include "app/turn_internal.h"

#include "base/assert.h"
#include "base/limits.h"
#include "base/log.h"
#include "os/files.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* How often what others hold is read: they end jobs at any time. */
#define READ_REAL_MS 500

/* In the place of a wish's shard: a look after a dead run, not a poll of ours. */
#define SHARD_OF_LOOK (-2)

/* A job is over within a week (168 h, the longest timeoutDurationInHours), and a day for its end.
 */
#define JOB_LIFE_MS (8 * PS_DAY_MS)

/* Rows of days that are over may still count for a run whose day has not turned yet. */
#define OLD_DAYS_MS (2 * PS_DAY_MS)

static bool is_shared(const struct ps_turn *const turn)
{
    return turn->parts.ledger.ops != NULL;
}

void ps_turn_share_release(struct ps_turn *const turn)
{
    struct ps_turn_share *const share = &turn->share;
    for (int64_t pool = 0; pool < share->key_count; pool++) {
        free(share->keys[pool]);
    }
    free(share->keys);
    free(share->told);
    free(share->looked_run);
    ps_numbers_release(&share->changed);
    memset(share, 0, sizeof(*share));
}

int64_t ps_turn_share_wake_ms(const struct ps_turn *const turn)
{
    const bool is_waiting = turn->share.is_crowded && !turn->share.is_look_open;
    return is_waiting && turn->is_paused == 0 ? turn->share.look_ms : INT64_MAX;
}

/* ------------------------------------------------ what a job holds */

/* The pool of the job, where it is one that is shared; -1: calls on demand are paced alone. */
static int64_t pool_of(const struct ps_turn *const turn, const struct ps_job *const job)
{
    const int64_t pool = ps_engine_lane_pool(turn->engine, job->lane);
    const bool is_batch = turn->parts.settings->lanes[job->lane].kind == PS_KIND_BATCH;
    return is_batch && turn->share.keys[pool] != NULL ? pool : -1;
}

static struct ps_turn_told *told_of(struct ps_turn *const turn, const int64_t number)
{
    struct ps_turn_share *const share = &turn->share;
    if (number >= share->told_count) {
        const int64_t count = 2 * number + 1;
        share->told = reallocarray(share->told, (size_t)count, sizeof(share->told[0]));
        PS_ASSERT(share->told != NULL);
        memset(&share->told[share->told_count], 0,
               (size_t)(count - share->told_count) * sizeof(share->told[0]));
        share->told_count = count;
    }
    return &share->told[number];
}

/* Writes down what the job holds, where the ledger has something else. */
static enum ps_status tell_job(struct ps_turn *const turn, const struct ps_job *const job,
                               const struct ps_turn_told *const holds, struct ps_error *const err)
{
    const struct ps_pool_ledger ledger = turn->parts.ledger;
    struct ps_turn_told *const told = told_of(turn, job->number);
    const int64_t pool = pool_of(turn, job);
    struct ps_buf name PS_CLEANUP(ps_buf_release);
    const struct ps_names names = {PS_STR(""), PS_STR(""), ps_str_of(turn->parts.settings->name)};
    const bool is_same = told->has_slot == holds->has_slot &&
                         told->day_end_ms == holds->day_end_ms &&
                         told->day_tokens == holds->day_tokens;
    if (pool < 0 || is_same) {
        return PS_OK;
    }
    ps_buf_init(&name, PS_TEXT_BYTES_MAX);
    ps_names_add_job(&name, &names, job->number, job->attempt);
    const struct ps_ledger_row row = {
        .pool = turn->share.keys[pool],
        .run = turn->parts.folder,
        .job = job->number,
        .name = ps_buf_text(&name),
        .has_slot = holds->has_slot,
        .day_end_ms = holds->day_end_ms,
        .day_tokens = holds->day_tokens,
    };
    if (ledger.ops->put(ledger.context, &row, err) != PS_OK) {
        return err->status;
    }
    *told = *holds;
    return PS_OK;
}

static struct ps_turn_told holds_of(const struct ps_job *const job)
{
    return (struct ps_turn_told){ps_job_holds_slot(job), job->day_end_ms, job->day_tokens};
}

void ps_turn_share_note(struct ps_turn *const turn, const struct ps_job *const job)
{
    if (turn->share.has_begun) {
        ps_numbers_add(&turn->share.changed, job->number);
    }
}

/* ------------------------------------------------ transactions */

static enum ps_status begin(const struct ps_turn *const turn, struct ps_error *const err)
{
    const struct ps_pool_ledger ledger = turn->parts.ledger;
    const enum ps_status status = ledger.ops->begin(ledger.context, err);
    if (status != PS_OK) {
        ps_log_warn("share.busy", PS_FIELD_TEXT("message", err->message));
    }
    return status;
}

/* Commits what went well; else all is as before. */
static enum ps_status end(const struct ps_turn *const turn, const enum ps_status so_far,
                          struct ps_error *const err)
{
    const struct ps_pool_ledger ledger = turn->parts.ledger;
    const enum ps_status status =
        so_far == PS_OK ? ledger.ops->commit(ledger.context, err) : so_far;
    if (status != PS_OK) {
        ledger.ops->rollback(ledger.context);
    }
    return status;
}

/* The ledger of others: nothing is created while it cannot be had, and the rest goes on. */
static enum ps_status soften(const enum ps_status status)
{
    return status == PS_E_CONFLICT ? PS_OK : status;
}

enum ps_status ps_turn_share_tell(struct ps_turn *const turn, struct ps_error *const err)
{
    struct ps_numbers *const changed = &turn->share.changed;
    bool is_news = false;
    for (int64_t place = 0; place < changed->count && !is_news; place++) {
        const int64_t number = ps_numbers_at(changed, place);
        const struct ps_turn_told holds = holds_of(ps_engine_find(turn->engine, number));
        const struct ps_turn_told *const told = told_of(turn, number);
        is_news = told->has_slot != holds.has_slot || told->day_end_ms != holds.day_end_ms ||
                  told->day_tokens != holds.day_tokens;
    }
    if (is_news && begin(turn, err) != PS_OK) {
        return soften(err->status); /* told with the next change */
    }
    enum ps_status status = PS_OK;
    for (int64_t place = 0; is_news && status == PS_OK && place < changed->count; place++) {
        const struct ps_job *const job =
            ps_engine_find(turn->engine, ps_numbers_at(changed, place));
        const struct ps_turn_told holds = holds_of(job);
        status = tell_job(turn, job, &holds, err);
    }
    status = is_news ? end(turn, status, err) : status;
    while (status == PS_OK && changed->count > 0) {
        ps_numbers_remove(changed, ps_numbers_at(changed, 0));
    }
    return status;
}

/* ------------------------------------------------ beginning */

static void make_keys(struct ps_turn *const turn)
{
    struct ps_turn_share *const share = &turn->share;
    const struct ps_settings *const settings = turn->parts.settings;
    share->key_count = turn->pools.count;
    share->keys = calloc((size_t)share->key_count, sizeof(share->keys[0]));
    PS_ASSERT(share->keys != NULL);
    for (int64_t place = settings->lane_count - 1; place >= 0; place--) {
        const struct ps_lane *const lane = &settings->lanes[place];
        const int64_t pool = ps_engine_lane_pool(turn->engine, place);
        const struct ps_str account = ps_engine_account(turn->engine, place);
        const struct ps_str model = ps_pool_base_model(ps_str_of(lane->model));
        struct ps_buf key PS_CLEANUP(ps_buf_release);
        ps_buf_init(&key, PS_TEXT_BYTES_MAX);
        if (lane->kind == PS_KIND_BATCH) {
            ps_buf_add_format(&key, "%.*s/%s/%.*s/batch", PS_STR_ARGS(account), lane->region,
                              PS_STR_ARGS(model));
            free(share->keys[pool]);
            share->keys[pool] = ps_str_dup(ps_buf_str(&key));
        }
    }
}

/* What the ledger has of us is from another time: our own books are the truth. */
static enum ps_status write_anew(struct ps_turn *const turn, const struct ps_now now,
                                 struct ps_error *const err)
{
    const struct ps_pool_ledger ledger = turn->parts.ledger;
    enum ps_status status = ledger.ops->forget_run(ledger.context, turn->parts.folder, err);
    for (int64_t pool = 0; status == PS_OK && pool < turn->share.key_count; pool++) {
        status = turn->share.keys[pool] == NULL
                     ? PS_OK
                     : ledger.ops->forget_days(ledger.context, turn->share.keys[pool],
                                               now.wall_ms - OLD_DAYS_MS, err);
    }
    for (int64_t place = 0; status == PS_OK && place < ps_engine_job_count(turn->engine); place++) {
        const struct ps_job *const job = ps_engine_job(turn->engine, place);
        const struct ps_turn_told holds = holds_of(job);
        status = tell_job(turn, job, &holds, err);
    }
    return status;
}

static enum ps_status begin_sharing(struct ps_turn *const turn, const struct ps_now now,
                                    struct ps_error *const err)
{
    if (turn->share.keys == NULL) {
        make_keys(turn);
    }
    if (begin(turn, err) != PS_OK) {
        return err->status;
    }
    free(turn->share.told);
    turn->share.told = NULL;
    turn->share.told_count = 0;
    const enum ps_status status = end(turn, write_anew(turn, now, err), err);
    turn->share.has_begun = status == PS_OK;
    return status;
}

/* ------------------------------------------------ claims */

static enum ps_status read_others(struct ps_turn *const turn, struct ps_error *const err)
{
    const struct ps_pool_ledger ledger = turn->parts.ledger;
    struct ps_turn_share *const share = &turn->share;
    share->is_crowded = false;
    for (int64_t pool = 0; pool < share->key_count; pool++) {
        struct ps_engine_others others;
        if (share->keys[pool] == NULL) {
            continue;
        }
        const int64_t day_end_ms = ps_engine_pool_use(turn->engine, pool).day_end_ms;
        if (ledger.ops->sum_others(ledger.context, share->keys[pool], turn->parts.folder,
                                   day_end_ms, &others, err) != PS_OK) {
            return err->status;
        }
        share->is_crowded = share->is_crowded || others.slots > 0;
        ps_engine_set_others(turn->engine, pool, &others);
    }
    share->read_real_ms = ps_clock_real_monotonic_ms() + READ_REAL_MS;
    return PS_OK;
}

/* Ready jobs take what others leave, one after another, and nobody else does meanwhile. */
static enum ps_status claim_room(struct ps_turn *const turn, const struct ps_now now,
                                 struct ps_error *const err)
{
    int64_t number = 0;
    enum ps_status status = read_others(turn, err);
    while (status == PS_OK && ps_engine_next_claim(turn->engine, now, &number)) {
        ps_engine_grant(turn->engine, number, now);
        const struct ps_job *const job = ps_engine_find(turn->engine, number);
        const struct ps_turn_told holds = holds_of(job);
        status = tell_job(turn, job, &holds, err);
    }
    return status;
}

/* ------------------------------------------------ dead runs */

static char *lock_of(const char *const folder)
{
    return ps_files_join(folder, "lock");
}

static int64_t pool_by_key(const struct ps_turn_share *const share, const char *const key)
{
    for (int64_t pool = 0; pool < share->key_count; pool++) {
        if (share->keys[pool] != NULL && strcmp(share->keys[pool], key) == 0) {
            return pool;
        }
    }
    return -1;
}

/* A dead run that holds slots of ours: the first, and the first after the one looked after last. */
struct search {
    const struct ps_turn *turn;
    char *runs[2];
    int64_t pools[2];
};

static void find_dead(void *const seer, const struct ps_ledger_row *const row)
{
    struct search *const search = seer;
    const struct ps_turn_share *const share = &search->turn->share;
    const int64_t pool = pool_by_key(share, row->pool);
    const int later = share->looked_run != NULL && strcmp(row->run, share->looked_run) > 0 ? 1 : 0;
    char *lock PS_CLEANUP(ps_str_free_auto) = lock_of(row->run);
    if (pool >= 0 && search->runs[later] == NULL && !ps_files_is_locked(lock)) {
        search->runs[later] = ps_str_dup(ps_str_of(row->run));
        search->pools[later] = pool;
    }
}

static int64_t lane_of(const struct ps_turn *const turn, const int64_t pool)
{
    int64_t lane = 0;
    while (ps_engine_lane_pool(turn->engine, lane) != pool ||
           turn->parts.settings->lanes[lane].kind != PS_KIND_BATCH) {
        lane++;
    }
    return lane;
}

/* One dead run's jobs are listed. */
static enum ps_status look_after_dead(struct ps_turn *const turn, const struct ps_now now,
                                      struct ps_error *const err)
{
    struct ps_turn_share *const share = &turn->share;
    const struct ps_pool_ledger ledger = turn->parts.ledger;
    struct search search = {.turn = turn};
    enum ps_status status = PS_OK;
    share->look_ms = now.steady_ms + turn->parts.settings->poll_ms;
    status = ledger.ops->each_slot(ledger.context, turn->parts.folder, find_dead, &search, err);
    const int which = search.runs[1] != NULL ? 1 : 0;
    if (status == PS_OK && search.runs[which] != NULL) {
        const char *const slash = strrchr(search.runs[which], '/');
        struct ps_wish wish = {
            .kind = PS_WISH_LIST_JOBS,
            .lane = lane_of(turn, search.pools[which]),
            .job = -1,
            .shard = SHARD_OF_LOOK,
            .text = ps_str_of(slash == NULL ? search.runs[which] : slash + 1),
            .after_ms = now.wall_ms > JOB_LIFE_MS ? now.wall_ms - JOB_LIFE_MS : 0,
        };
        share->is_look_open = true;
        share->looked_pool = search.pools[which];
        free(share->looked_run);
        share->looked_run = ps_str_dup(ps_str_of(search.runs[which]));
        status = ps_turn_keep_wish(turn, &wish, now.wall_ms, err);
    }
    free(search.runs[0]);
    free(search.runs[1]);
    return status;
}

/* Jobs of a dead run whose slots are free. */
struct freed {
    const struct ps_turn *turn;
    const struct ps_fact *fact;
    struct ps_numbers numbers;
};

static void find_free(void *const seer, const struct ps_ledger_row *const row)
{
    struct freed *const freed = seer;
    const struct ps_turn *const turn = freed->turn;
    const struct ps_job_view *view = NULL;
    if (strcmp(row->run, turn->share.looked_run) != 0 ||
        strcmp(row->pool, turn->share.keys[turn->share.looked_pool]) != 0) {
        return;
    }
    for (int64_t place = 0; view == NULL && place < freed->fact->job_count; place++) {
        const struct ps_job_view *const listed = &freed->fact->jobs[place];
        view = strcmp(listed->name, row->name) == 0 ? listed : NULL;
    }
    const bool is_free = view == NULL ? !turn->parts.has_sent(row->run, row->job)
                                      : ps_job_status_is_terminal(view->status);
    if (is_free) {
        ps_numbers_add(&freed->numbers, row->job);
    }
}

/* While we hold the dead run's lock it can neither send nor write anything. */
static enum ps_status free_slots(struct ps_turn *const turn, const struct ps_fact *const fact,
                                 struct ps_error *const err)
{
    const struct ps_pool_ledger ledger = turn->parts.ledger;
    struct freed freed = {.turn = turn, .fact = fact};
    ps_numbers_init(&freed.numbers);
    enum ps_status status =
        ledger.ops->each_slot(ledger.context, turn->parts.folder, find_free, &freed, err);
    if (status == PS_OK && freed.numbers.count > 0 && begin(turn, err) == PS_OK) {
        for (int64_t place = 0; status == PS_OK && place < freed.numbers.count; place++) {
            status = ledger.ops->free_slot(ledger.context, turn->share.looked_run,
                                           ps_numbers_at(&freed.numbers, place), err);
        }
        status = end(turn, status, err);
        ps_log_info("share.freed", PS_FIELD_TEXT("run", turn->share.looked_run),
                    PS_FIELD_COUNT("slots", freed.numbers.count));
        turn->share.read_real_ms = 0;
    }
    ps_numbers_release(&freed.numbers);
    return status;
}

bool ps_turn_share_hears(struct ps_turn *const turn, const struct ps_fact *const fact)
{
    struct ps_error err;
    int lock = -1;
    int64_t pid = 0;
    if (fact->kind != PS_WISH_LIST_JOBS || fact->job >= 0 || fact->shard != SHARD_OF_LOOK) {
        return false;
    }
    turn->share.is_look_open = false;
    char *path PS_CLEANUP(ps_str_free_auto) = lock_of(turn->share.looked_run);
    if (fact->outcome != PS_OUTCOME_YES) {
        return true; /* the next look comes */
    }
    const bool is_ours = ps_files_lock(path, &lock, &pid, &err) == PS_OK;
    /* A folder that is gone cannot be locked, and nothing in it can send. */
    if ((is_ours || !ps_files_exists(turn->share.looked_run)) &&
        free_slots(turn, fact, &err) != PS_OK) {
        ps_log_warn("share.not_freed", PS_FIELD_TEXT("message", err.message));
    }
    if (is_ours) {
        (void)close(lock);
    }
    return true;
}

/* ------------------------------------------------ one turn */

enum ps_status ps_turn_share(struct ps_turn *const turn, const struct ps_now now,
                             struct ps_error *const err)
{
    struct ps_turn_share *const share = &turn->share;
    int64_t number = 0;
    enum ps_status status = PS_OK;
    if (!is_shared(turn) || !ps_engine_has_begun(turn->engine) || turn->is_paused != 0) {
        return PS_OK;
    }
    if (!share->has_begun && begin_sharing(turn, now, err) != PS_OK) {
        return soften(err->status);
    }
    if (ps_clock_real_monotonic_ms() >= share->read_real_ms) {
        status = read_others(turn, err);
    }
    if (status == PS_OK && ps_engine_next_claim(turn->engine, now, &number)) {
        if (begin(turn, err) != PS_OK) {
            return soften(err->status);
        }
        /* What was granted must be in the ledger: else the process ends here. */
        status = end(turn, claim_room(turn, now, err), err);
        if (status != PS_OK) {
            return status;
        }
    }
    if (status == PS_OK && share->is_crowded && !share->is_look_open &&
        now.steady_ms >= share->look_ms) {
        status = look_after_dead(turn, now, err);
    }
    return soften(status);
}
