#include "sim/virtual.h"

#include "base/assert.h"
#include "sim/limits.h"
#include "sim/virtual_internal.h"

#include <stdlib.h>
#include <string.h>

#define LATENCY_MS INT64_C(50)
#define ACCOUNT "111122223333"

uint64_t ps_virtual_draw(const struct ps_virtual *const service, const uint64_t purpose,
                         const int64_t number)
{
    /* SplitMix64's finalizer over the three of them. */
    uint64_t mixed = service->options.seed + purpose * UINT64_C(0x9e3779b97f4a7c15) +
                     (uint64_t)number * UINT64_C(0xd1342543de82ef95);
    mixed = (mixed ^ (mixed >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    mixed = (mixed ^ (mixed >> 27)) * UINT64_C(0x94d049bb133111eb);
    return mixed ^ (mixed >> 31);
}

/* ---- the queue: a heap by time, then by number ---- */

static bool is_before(const struct ps_virtual_due *const left,
                      const struct ps_virtual_due *const right)
{
    return left->at_ms != right->at_ms ? left->at_ms < right->at_ms : left->number < right->number;
}

static void push(struct ps_virtual *const service, struct ps_virtual_due due)
{
    if (service->queue_count == service->queue_capacity) {
        service->queue_capacity = service->queue_capacity == 0 ? 64 : 2 * service->queue_capacity;
        service->queue = realloc(service->queue, service->queue_capacity * sizeof *service->queue);
        PS_ASSERT(service->queue != NULL);
    }
    due.number = service->queue_number++;
    size_t place = service->queue_count++;
    while (place > 0 && is_before(&due, &service->queue[(place - 1) / 2])) {
        service->queue[place] = service->queue[(place - 1) / 2];
        place = (place - 1) / 2;
    }
    service->queue[place] = due;
}

static struct ps_virtual_due pop(struct ps_virtual *const service)
{
    PS_ASSERT(service->queue_count > 0);
    const struct ps_virtual_due first = service->queue[0];
    const struct ps_virtual_due last = service->queue[--service->queue_count];
    size_t place = 0;
    for (size_t child = 1; child < service->queue_count; child = 2 * place + 1) {
        const bool has_right = child + 1 < service->queue_count;
        child += has_right && is_before(&service->queue[child + 1], &service->queue[child]) ? 1 : 0;
        if (!is_before(&service->queue[child], &last)) {
            break;
        }
        service->queue[place] = service->queue[child];
        place = child;
    }
    service->queue[place] = last;
    return first;
}

void ps_virtual_queue_act(struct ps_virtual *const service, struct ps_virtual_act *const act,
                          const int64_t at_ms)
{
    push(service, (struct ps_virtual_due){.at_ms = at_ms, .act = act});
}

void ps_virtual_queue_step(struct ps_virtual *const service, struct ps_virtual_job *const job,
                           const int64_t step, const int64_t at_ms)
{
    push(service, (struct ps_virtual_due){.at_ms = at_ms, .job = job, .step = step});
}

/* ---- made and freed ---- */

static void on_used(void *const context, const struct ps_rates_use *const use)
{
    struct ps_virtual_pool *const pool = context;
    ps_recount_use(&pool->recount, use);
    ps_virtual_log_use(pool->service, pool, use);
}

static void on_breach(void *const context, const struct ps_recount_breach *const found)
{
    struct ps_virtual_pool *const pool = context;
    struct ps_virtual_ledger *const ledger = &pool->service->ledger;
    const struct ps_virtual_breach breach = {found->limit, pool->number, found->at_ms, found->value,
                                             found->limit_value};
    if (ledger->breach_count < PS_VIRTUAL_BREACHES_MAX) {
        ledger->breaches[ledger->breach_count] = breach;
    }
    ledger->breach_count++;
    ps_virtual_log_breach(pool->service, &breach);
}

static void init_pool(struct ps_virtual *const service, struct ps_virtual_pool *const pool,
                      const struct ps_virtual_lane *const limits)
{
    pool->number = limits->pool;
    pool->limits = limits;
    pool->service = service;
    pool->next_ms = INT64_MAX;
    pool->others = calloc(service->options.other_count + 1, sizeof *pool->others);
    PS_ASSERT(pool->others != NULL);
    for (size_t place = 0; place < service->options.other_count; place++) {
        const struct ps_virtual_others *const other = &service->others[place];
        if (other->pool == pool->number) {
            pool->others[pool->other_count++] =
                (struct ps_rates_others){other->from_ms, other->to_ms, other->share_permille};
        }
    }
    ps_rates_init(&pool->rates,
                  &(struct ps_rates_options){.tpm = limits->tpm,
                                             .tpd = limits->tpd,
                                             .reset_ms = limits->reset_ms,
                                             .rps = limits->rps,
                                             .burst_tokens = limits->burst_tokens,
                                             .is_refusing = limits->is_refusing,
                                             .others = pool->others,
                                             .other_count = pool->other_count,
                                             .used = on_used,
                                             .context = pool},
                  service->now_ms);
    ps_on_demand_init(&pool->calls,
                      &(struct ps_on_demand_limits){.rps = limits->rps,
                                                    .tpm = limits->tpm,
                                                    .tpd = limits->tpd,
                                                    .reset_ms = limits->reset_ms},
                      service->now_ms);
    ps_recount_init(&pool->recount,
                    &(struct ps_recount_options){.jobs = limits->jobs,
                                                 .tpm = limits->tpm,
                                                 .tpd = limits->tpd,
                                                 .reset_ms = limits->reset_ms,
                                                 .rps = limits->rps,
                                                 .burst_tokens = limits->burst_tokens,
                                                 .found = on_breach,
                                                 .context = pool},
                    service->now_ms);
}

static struct ps_virtual_pool *find_pool(struct ps_virtual *const service, const int64_t number)
{
    for (size_t place = 0; place < service->pool_count; place++) {
        if (service->pools[place].number == number) {
            return &service->pools[place];
        }
    }
    return NULL;
}

static void copy_lane(struct ps_virtual_place *const place,
                      const struct ps_virtual_lane *const lane)
{
    const char *const account = lane->account != NULL ? lane->account : ACCOUNT;
    const char *const texts[] = {lane->name, lane->model, lane->region, lane->bucket, account};
    for (size_t text = 0; text < sizeof texts / sizeof texts[0]; text++) {
        place->texts[text] = ps_str_dup(ps_str_of(texts[text]));
    }
    place->lane = *lane;
    place->lane.name = place->texts[0];
    place->lane.model = place->texts[1];
    place->lane.region = place->texts[2];
    place->lane.bucket = place->texts[3];
    place->lane.account = place->texts[4];
}

static size_t account_of(const struct ps_virtual *const service, const size_t lane)
{
    const struct ps_virtual_lane *const own = &service->places[lane].lane;
    size_t first = 0;
    while (strcmp(service->places[first].lane.region, own->region) != 0 ||
           strcmp(service->places[first].lane.account, own->account) != 0) {
        first++;
    }
    return first;
}

static void init_places(struct ps_virtual *const service)
{
    const size_t count = service->options.lane_count;
    service->places = calloc(count, sizeof *service->places);
    service->pools = calloc(count, sizeof *service->pools);
    service->uses = calloc(count, sizeof *service->uses);
    PS_ASSERT(service->places != NULL && service->pools != NULL && service->uses != NULL);
    service->place_count = count;
    for (size_t lane = 0; lane < count; lane++) {
        struct ps_virtual_place *const place = &service->places[lane];
        copy_lane(place, &service->options.lanes[lane]);
        place->account = account_of(service, lane);
        place->base_model = ps_limits_base_model(ps_str_of(place->lane.model));
        place->bucket = ps_virtual_bucket(service, ps_str_of(place->lane.bucket));
        place->pool = find_pool(service, place->lane.pool);
        if (place->pool == NULL) {
            place->pool = &service->pools[service->pool_count++];
            init_pool(service, place->pool, &place->lane);
        }
    }
}

struct ps_virtual *ps_virtual_new(const struct ps_virtual_options *const options)
{
    struct ps_virtual *const service = calloc(1, sizeof *service);
    PS_ASSERT(service != NULL);
    PS_ASSERT(options->lane_count > 0);
    PS_ASSERT(options->start_ms > 0);
    service->options = *options;
    service->options.latency_ms = options->latency_ms > 0 ? options->latency_ms : LATENCY_MS;
    service->now_ms = options->start_ms;
    service->others = calloc(options->other_count + 1, sizeof *service->others);
    PS_ASSERT(service->others != NULL);
    if (options->other_count > 0) {
        memcpy(service->others, options->others, options->other_count * sizeof *service->others);
    }
    service->options.others = service->others;
    ps_startup_load(&service->startup);
    ps_billed_init(&service->billed);
    init_places(service);
    service->options.lanes = NULL; /* the caller's */
    ps_virtual_log_opened(service);
    return service;
}

static void free_act(struct ps_virtual_act *const act)
{
    free(act->key);
    free(act->text);
    free(act->etag);
    free(act->ranges.rows);
    free(act);
}

static void free_place(struct ps_virtual_place *const place)
{
    for (size_t text = 0; text < sizeof place->texts / sizeof place->texts[0]; text++) {
        free(place->texts[text]);
    }
}

struct ps_virtual *ps_virtual_free(struct ps_virtual *const service)
{
    if (service == NULL) {
        return NULL;
    }
    for (size_t place = 0; place < service->queue_count; place++) {
        if (service->queue[place].act != NULL) {
            free_act(service->queue[place].act);
        }
    }
    for (size_t job = 0; job < service->job_count; job++) {
        ps_virtual_free_job(service->jobs[job]);
    }
    for (size_t bucket = 0; bucket < service->bucket_count; bucket++) {
        ps_virtual_free_bucket(service->buckets[bucket]);
    }
    for (size_t pool = 0; pool < service->pool_count; pool++) {
        ps_rates_release(&service->pools[pool].rates);
        ps_recount_release(&service->pools[pool].recount);
        ps_on_demand_release(&service->pools[pool].calls);
        free(service->pools[pool].others);
    }
    for (size_t place = 0; place < service->place_count; place++) {
        free_place(&service->places[place]);
    }
    ps_billed_release(&service->billed);
    free(service->queue);
    free(service->jobs);
    free(service->buckets);
    free(service->by_name.slots);
    free(service->by_token.slots);
    free(service->pools);
    free(service->places);
    free(service->others);
    free(service->uses);
    free(service);
    return NULL;
}

/* ---- the port ---- */

static void start(void *const context, const struct ps_wish *const wish)
{
    struct ps_virtual *const service = context;
    PS_ASSERT(!ps_wish_is_local(wish->kind));
    PS_ASSERT(wish->lane >= 0 && (size_t)wish->lane < service->place_count);
    struct ps_virtual_act *const act = calloc(1, sizeof *act);
    PS_ASSERT(act != NULL);
    act->wish = *wish;
    act->key = ps_str_dup(wish->key);
    act->text = ps_str_dup(wish->text);
    act->etag = ps_str_dup(wish->etag);
    act->wish.key.data = act->key;
    act->wish.text.data = act->text;
    act->wish.etag.data = act->etag;
    struct ps_virtual_ledger *const ledger = &service->ledger;
    ledger->first_wish_ms = ledger->first_wish_ms == 0 ? service->now_ms : ledger->first_wish_ms;
    ledger->calls[wish->kind]++;
    ps_virtual_queue_act(service, act, service->now_ms + service->options.latency_ms);
}

int64_t ps_virtual_other_slots(const struct ps_virtual *const service,
                               const struct ps_virtual_pool *const pool)
{
    int64_t slots = 0;
    for (size_t place = 0; place < service->options.other_count; place++) {
        const struct ps_virtual_others *const other = &service->others[place];
        slots += other->pool == pool->number && service->now_ms >= other->from_ms &&
                         service->now_ms < other->to_ms
                     ? other->slots
                     : 0;
    }
    return slots;
}

void ps_virtual_catch_up(struct ps_virtual *const service, struct ps_virtual_pool *const pool)
{
    ps_rates_advance(&pool->rates, service->now_ms);
    for (struct ps_rates_flow *flow = ps_rates_pop(&pool->rates); flow != NULL;
         flow = ps_rates_pop(&pool->rates)) {
        char *const bytes = (char *)flow;
        void *const job = bytes - offsetof(struct ps_virtual_job, flow);
        ps_virtual_complete(service, job);
    }
    pool->next_ms = ps_rates_next_ms(&pool->rates);
}

static struct ps_virtual_pool *first_pool(struct ps_virtual *const service)
{
    struct ps_virtual_pool *first = &service->pools[0];
    for (size_t place = 1; place < service->pool_count; place++) {
        first = service->pools[place].next_ms < first->next_ms ? &service->pools[place] : first;
    }
    return first;
}

/* Carries out the first thing of the queue. True: it gave a fact. */
static bool do_first(struct ps_virtual *const service, struct ps_fact *const ret_fact)
{
    const struct ps_virtual_due due = pop(service);
    if (due.job != NULL) {
        ps_virtual_step(service, due.job, due.step);
        return false;
    }
    if (!ps_virtual_perform(service, due.act, ret_fact)) {
        return false;
    }
    ps_virtual_log_request(service, due.act, ret_fact);
    free_act(due.act);
    return true;
}

static bool next_fact(void *const context, const int64_t deadline_ms,
                      struct ps_fact *const ret_fact)
{
    struct ps_virtual *const service = context;
    while (!service->is_woken) {
        struct ps_virtual_pool *const pool = first_pool(service);
        const int64_t queue_ms = service->queue_count > 0 ? service->queue[0].at_ms : INT64_MAX;
        const int64_t next_ms = pool->next_ms < queue_ms ? pool->next_ms : queue_ms;
        if (next_ms > deadline_ms || next_ms == INT64_MAX) {
            const bool is_later = deadline_ms > service->now_ms && deadline_ms < INT64_MAX;
            service->now_ms = is_later ? deadline_ms : service->now_ms;
            return false;
        }
        service->now_ms = next_ms > service->now_ms ? next_ms : service->now_ms;
        if (pool->next_ms == next_ms) {
            ps_virtual_catch_up(service, pool);
        } else if (do_first(service, ret_fact)) {
            return true;
        }
    }
    service->is_woken = false;
    return false;
}

static void wake(void *const context)
{
    struct ps_virtual *const service = context;
    service->is_woken = true;
}

struct ps_world ps_virtual_port(struct ps_virtual *const service)
{
    static const struct ps_world_ops ops = {start, next_fact, wake};
    return (struct ps_world){&ops, service};
}

struct ps_now ps_virtual_now(const struct ps_virtual *const service)
{
    return (struct ps_now){service->now_ms, service->now_ms};
}

/* ---- the books ---- */

/* `part` of `whole`, in permille; 0 of nothing. */
static int64_t permille_of(const int64_t part, const int64_t whole)
{
    int64_t permille = 0;
    return whole > 0 && ps_muldiv_i64(part, 1000, whole, &permille) ? permille : 0;
}

/* limit * passed / unit: what it could have given; 0 where that has no sense. */
static int64_t given(const int64_t limit, const int64_t passed, const int64_t unit)
{
    int64_t value = 0;
    return ps_muldiv_i64(limit, passed, unit, &value) ? value : 0;
}

static void tell_use(const struct ps_virtual *const service,
                     const struct ps_virtual_pool *const pool, struct ps_virtual_use *const use)
{
    const struct ps_recount *const recount = &pool->recount;
    const struct ps_virtual_lane *const limits = pool->limits;
    const int64_t worked_ms = limits->is_on_demand ? pool->called_last_ms - pool->called_first_ms
                                                   : recount->last_ms - recount->first_ms;
    const int64_t tokens = recount->tokens + pool->called_tokens;
    const int64_t records = recount->records + pool->called;
    const int64_t jobs_ms =
        recount->jobs_ms + recount->live_jobs * (service->now_ms - recount->jobs_at_ms);
    *use = (struct ps_virtual_use){
        .pool = pool->number,
        .tokens = tokens,
        .records = records,
        .days = recount->days,
        .tpm_permille = permille_of(tokens, given(limits->tpm, worked_ms, PS_MINUTE_MS)),
        .tpd_permille = permille_of(tokens, given(limits->tpd, recount->days, 1)),
        .rps_permille = permille_of(records, given(limits->rps, worked_ms, PS_SECOND_MS)),
        .jobs_permille = permille_of(jobs_ms, given(limits->jobs, service->ledger.makespan_ms, 1)),
        .peak_jobs = recount->peak_jobs};
}

void ps_virtual_tell(struct ps_virtual *const service, struct ps_virtual_ledger *const ret_ledger)
{
    struct ps_virtual_ledger *const ledger = &service->ledger;
    ledger->jobs = (int64_t)service->job_count;
    ledger->makespan_ms =
        ledger->last_ms > ledger->first_wish_ms ? ledger->last_ms - ledger->first_wish_ms : 0;
    for (size_t pool = 0; pool < service->pool_count; pool++) {
        tell_use(service, &service->pools[pool], &service->uses[pool]);
    }
    ledger->uses = service->uses;
    ledger->use_count = service->pool_count;
    *ret_ledger = *ledger;
}
