#include "fake_service.h"

#include "core/rules.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fake_service service;
int64_t fault_counts[FAULT_COUNT];

static const char *const fault_names[FAULT_COUNT] = {
    [FAULT_LOST_BEFORE] = "lost before",
    [FAULT_LOST_AFTER] = "lost after",
    [FAULT_LOST_CREATE] = "lost create",
    [FAULT_LOST_JOB] = "lost answer of a create",
    [FAULT_LATE_CREATE] = "late create",
    [FAULT_TWICE] = "create delivered twice",
    [FAULT_THROTTLED] = "throttled",
    [FAULT_OTHERS] = "others have the slots",
    [FAULT_DENIED] = "denied",
    [FAULT_CUT_GET] = "cut get",
    [FAULT_STALE_VIEW] = "stale view",
    [FAULT_UNKNOWN_WORD] = "unknown state",
    [FAULT_ANY_NAME] = "a name twice",
    [FAULT_LIST_LAG] = "late in lists",
    [FAULT_BAD_ENDING] = "bad ending",
    [FAULT_STUCK] = "stuck job",
    [FAULT_LATE_COUNTS] = "late counters",
    [FAULT_LATE_OUTPUT] = "late output",
    [FAULT_CUT_OUTPUT] = "cut output",
    [FAULT_GONE_OUTPUT] = "deleted output",
    [FAULT_LATE_GONE] = "deleted and listed",
    [FAULT_NO_MANIFEST] = "no manifest",
    [FAULT_WRONG_MANIFEST] = "wrong manifest",
    [FAULT_SHORT_OUTPUT] = "short output",
    [FAULT_RECORD_ERROR] = "record error",
    [FAULT_KILLED] = "killed",
    [FAULT_BACKUP] = "older copy",
    [FAULT_PAUSED] = "paused",
    [FAULT_STOPPED] = "stopped",
    [FAULT_OUTAGE] = "outage",
    [FAULT_INPUT_GONE] = "input gone",
};

const char *fault_name(const enum fault fault)
{
    return fault_names[fault];
}

void fake_service_init(const uint64_t seed, const struct faults *const faults,
                       const int64_t min_records)
{
    memset(&service, 0, sizeof(service));
    service.seed = seed;
    service.faults = *faults;
    service.min_records = min_records;
    service.now_ms = START_MS;
    service.outage_from_ms = INT64_MAX;
    service.outage_end_ms = INT64_MAX;
    ps_prng_init(&service.prng, seed);
}

bool is_drawn(const int64_t per_mille)
{
    return ps_prng_below(&service.prng, 1000) < per_mille;
}

bool happens(const enum fault fault)
{
    const bool is_now = is_drawn(service.faults.rates[fault]);
    fault_counts[fault] += is_now ? 1 : 0;
    return is_now;
}

int64_t between(const int64_t low, const int64_t high)
{
    return low + ps_prng_below(&service.prng, high - low + 1);
}

bool is_outage(void)
{
    return service.now_ms >= service.outage_from_ms && service.now_ms < service.outage_end_ms;
}

/* ------------------------------------------------ a job's fate: of the seed and its name alone */

static bool fate_has(struct ps_prng *const fate, const enum fault fault)
{
    const bool is_so = ps_prng_below(fate, 1000) < service.faults.rates[fault];
    fault_counts[fault] += is_so ? 1 : 0;
    return is_so;
}

static int64_t fate_between(struct ps_prng *const fate, const int64_t low, const int64_t high)
{
    return low + ps_prng_below(fate, high - low + 1);
}

static void begin_fate(struct ps_prng *const fate, const char *const name)
{
    uint64_t mixed = service.seed;
    for (size_t place = 0; name[place] != '\0'; place++) {
        mixed = (mixed ^ (unsigned char)name[place]) * UINT64_C(1099511628211);
    }
    ps_prng_init(fate, mixed);
}

/* How late something is. On a coarse clock it falls between the looks that come every ten minutes.
 */
static int64_t fate_delay_ms(struct ps_prng *const fate, const enum fault fault,
                             const int64_t most_ms)
{
    if (!fate_has(fate, fault)) {
        return 0;
    }
    const int64_t delay_ms = fate_between(fate, 1, most_ms);
    const int64_t looks = delay_ms / PS_LISTING_GAP_MS;
    return service.quantum_ms == 0 ? delay_ms : looks * PS_LISTING_GAP_MS + PS_LISTING_GAP_MS / 2;
}

static void draw_times(struct service_job *const job, struct ps_prng *const fate)
{
    job->end_ms = job->created_ms + fate_between(fate, 1, 90) * PS_MINUTE_MS;
    job->end_ms += fate_has(fate, FAULT_STUCK) ? 3 * PS_HOUR_MS : 0;
    if (service.quantum_ms > 0) {
        job->end_ms += service.quantum_ms - (job->end_ms - START_MS) % service.quantum_ms;
    }
    job->counts_ms = job->end_ms + fate_delay_ms(fate, FAULT_LATE_COUNTS, PS_MINUTE_MS);
    job->output_ms = job->end_ms + fate_delay_ms(fate, FAULT_LATE_OUTPUT, 4 * PS_MINUTE_MS);
    job->whole_ms = job->output_ms + fate_delay_ms(fate, FAULT_CUT_OUTPUT, 30 * PS_MINUTE_MS);
    const int64_t gone_ms = fate_delay_ms(fate, FAULT_GONE_OUTPUT, 30 * PS_MINUTE_MS);
    job->gone_ms = gone_ms == 0 ? INT64_MAX : job->output_ms + gone_ms;
    job->is_gone_listed = gone_ms > 0 && fate_has(fate, FAULT_LATE_GONE);
    job->visible_ms = job->created_ms + fate_delay_ms(fate, FAULT_LIST_LAG, 570 * PS_SECOND_MS);
}

static void draw_marks(struct service_job *const job, struct ps_prng *const fate)
{
    static const enum ps_job_status bad[] = {PS_JOB_FAILED, PS_JOB_PARTIALLY_COMPLETED,
                                             PS_JOB_EXPIRED, PS_JOB_STOPPED};
    const bool is_bad = fate_has(fate, FAULT_BAD_ENDING);
    job->ending = is_bad ? bad[ps_prng_below(fate, 4)] : PS_JOB_COMPLETED;
    job->has_manifest = !fate_has(fate, FAULT_NO_MANIFEST) && job->ending != PS_JOB_EXPIRED;
    job->manifest_extra =
        fate_has(fate, FAULT_WRONG_MANIFEST) ? 1 - 2 * fate_between(fate, 0, 1) : 0;
    const bool has_output = job->ending != PS_JOB_FAILED && job->ending != PS_JOB_EXPIRED;
    const bool is_short = fate_has(fate, FAULT_SHORT_OUTPUT);
    for (int64_t member = 0; has_output && member < job->member_count; member++) {
        const bool is_done = job->ending == PS_JOB_COMPLETED || fate_between(fate, 0, 1) == 0;
        const bool is_wrong = fate_has(fate, FAULT_RECORD_ERROR);
        const bool is_lost = is_short && fate_between(fate, 0, 2) == 0;
        job->marks[member] = !is_done   ? MARK_NONE
                             : is_wrong ? MARK_RETRY
                             : is_lost  ? MARK_LOST
                                        : MARK_SUCCESS;
    }
}

/* ------------------------------------------------ create */

/* The text behind `"name":"` in a body of ours. */
static void read_field(const char *const body, const char *const name, char *const room)
{
    char mark[TEXT_MAX];
    (void)snprintf(mark, sizeof(mark), "\"%s\":\"", name);
    const char *const found = strstr(body, mark);
    assert_non_null(found);
    const char *const start = found + strlen(mark);
    const size_t size = strcspn(start, "\"");
    assert_true(size < TEXT_MAX);
    memcpy(room, start, size);
    room[size] = '\0';
}

bool is_ended(const struct service_job *const job, const int64_t at_ms)
{
    return at_ms >= job->end_ms;
}

static int64_t count_live(const int64_t at_ms)
{
    int64_t live = 0;
    for (int64_t place = 0; place < service.job_count; place++) {
        live += is_ended(&service.jobs[place], at_ms) ? 0 : 1;
    }
    return live;
}

static void check_not_sent_needlessly(const struct service_job *const fresh, const int64_t at_ms)
{
    for (int64_t place = 0; place < service.job_count; place++) {
        const struct service_job *const job = &service.jobs[place];
        for (int64_t member = 0; member < job->member_count * fresh->member_count; member++) {
            const int64_t theirs = member / fresh->member_count;
            if (job->members[theirs] != fresh->members[member % fresh->member_count]) {
                continue;
            }
            if (!is_ended(job, at_ms)) {
                BREACH("record %lld of '%s' is in the live job '%s' too",
                       (long long)job->members[theirs], fresh->name, job->name);
            }
            if (job->marks[theirs] == MARK_SUCCESS || job->marks[theirs] == MARK_LOST) {
                BREACH("record %lld of '%s' was paid for in '%s'", (long long)job->members[theirs],
                       fresh->name, job->name);
            }
        }
    }
}

static void read_members(struct service_job *const job)
{
    for (int64_t place = 0; place < service.object_count; place++) {
        const struct service_object *const object = &service.objects[place];
        char uri[TEXT_MAX + 16];
        (void)snprintf(uri, sizeof(uri), "s3://bucket/%s", object->key);
        const size_t size = strlen(job->input);
        const bool is_folder = job->input[size - 1] == '/';
        if (is_folder ? strncmp(uri, job->input, size) != 0 : strcmp(uri, job->input) != 0) {
            continue;
        }
        for (int64_t member = 0; member < object->member_count; member++) {
            assert_true(job->member_count < JOB_RECORDS);
            job->members[job->member_count++] = object->members[member];
        }
    }
}

static void count_create(const struct service_job *const fresh)
{
    int64_t place = 0;
    while (place < service.attempt_count &&
           strcmp(service.attempts[place].name, fresh->name) != 0) {
        place++;
    }
    if (place == service.attempt_count) {
        assert_true(service.attempt_count < JOBS_MAX);
        memcpy(service.attempts[service.attempt_count++].name, fresh->name, TEXT_MAX);
    }
    if (++service.attempts[place].calls > CREATES_MAX) {
        BREACH("'%s' was asked for %lld times", fresh->name,
               (long long)service.attempts[place].calls);
    }
}

/* The job that this create asks for again, or whose name it takes; true: `fact` says so. */
static bool meets_earlier(const struct service_job *const fresh, struct ps_fact *const fact)
{
    for (int64_t place = 0; place < service.job_count; place++) {
        const struct service_job *const job = &service.jobs[place];
        const bool is_same = strcmp(job->token, fresh->token) == 0;
        if (is_same &&
            (strcmp(job->name, fresh->name) != 0 || strcmp(job->input, fresh->input) != 0 ||
             strcmp(job->output, fresh->output) != 0)) {
            BREACH("the token of '%s' came with another body: '%s'", job->name, fresh->name);
        }
        if (is_same &&
            fresh->created_ms - job->created_ms <= PS_TOKEN_WINDOW_MS + PS_SIGNATURE_MS) {
            fact->text = ps_str_dup(ps_str_of(job->id));
            return true;
        }
        if (strcmp(job->name, fresh->name) == 0 && !happens(FAULT_ANY_NAME)) {
            fact->outcome = PS_OUTCOME_UNKNOWN;
            (void)ps_error_set(&fact->error, PS_E_CONFLICT, PS_RETRY_LATER, "name in use");
            return true;
        }
    }
    return false;
}

static void refuse_create(struct ps_fact *const fact)
{
    fact->outcome = PS_OUTCOME_NO;
    (void)ps_error_set(&fact->error, PS_E_QUOTA, PS_RETRY_LATER, "too many jobs");
}

void fake_service_create(const char *const body, const int64_t at_ms, struct ps_fact *const fact)
{
    struct service_job fresh = {.created_ms = at_ms};
    struct ps_prng fate;
    read_field(body, "jobName", fresh.name);
    read_field(body, "clientRequestToken", fresh.token);
    read_field(strstr(body, "s3InputDataConfig"), "s3Uri", fresh.input);
    read_field(strstr(body, "s3OutputDataConfig"), "s3Uri", fresh.output);
    count_create(&fresh);
    if (meets_earlier(&fresh, fact)) {
        return;
    }
    if (count_live(at_ms) >= SLOTS) {
        service.refused++;
        refuse_create(fact);
        return;
    }
    if (happens(FAULT_OTHERS)) {
        refuse_create(fact);
        return;
    }
    read_members(&fresh);
    if (fresh.member_count < service.min_records) {
        BREACH("'%s' has %lld records", fresh.name, (long long)fresh.member_count);
    }
    check_not_sent_needlessly(&fresh, at_ms);
    begin_fate(&fate, fresh.name);
    draw_marks(&fresh, &fate);
    draw_times(&fresh, &fate);
    const bool is_lost = fate_has(&fate, FAULT_LOST_JOB);
    assert_true(service.job_count < JOBS_MAX);
    (void)snprintf(fresh.id, sizeof(fresh.id), "id%010lld", (long long)service.job_count);
    service.jobs[service.job_count++] = fresh;
    fact->text = ps_str_dup(ps_str_of(fresh.id));
    if (is_lost) {
        fact->outcome = PS_OUTCOME_UNKNOWN;
        (void)ps_error_set(&fact->error, PS_E_NETWORK, PS_RETRY_LATER, "the answer is lost");
    }
}

/* ------------------------------------------------ views */

static void show_job(const struct service_job *const job, const bool is_get,
                     struct ps_job_view *const view)
{
    const int64_t seen_ms =
        service.now_ms - (happens(FAULT_STALE_VIEW) ? between(1, 120) * PS_SECOND_MS : 0);
    const bool has_ended = is_ended(job, seen_ms);
    const bool has_counts = seen_ms >= job->counts_ms;
    int64_t counts[4] = {0};
    for (int64_t member = 0; member < job->member_count; member++) {
        counts[job->marks[member]]++;
    }
    view->arn = ps_str_dup(ps_str_of(job->id));
    view->name = ps_str_dup(ps_str_of(job->name));
    view->token = ps_str_dup(ps_str_of(is_get ? job->token : ""));
    view->input_uri = ps_str_dup(ps_str_of(job->input));
    view->output_uri = ps_str_dup(ps_str_of(job->output));
    view->message = ps_str_dup(PS_STR(""));
    view->status = has_ended                     ? job->ending
                   : happens(FAULT_UNKNOWN_WORD) ? PS_JOB_STATUS_UNKNOWN
                                                 : PS_JOB_IN_PROGRESS;
    view->submitted_at_ms = job->created_ms;
    view->total_count = job->member_count;
    view->success_count = has_counts ? counts[MARK_SUCCESS] + counts[MARK_LOST] : 0;
    view->error_count = has_counts ? counts[MARK_RETRY] : 0;
    view->processed_count = view->success_count + view->error_count;
}

static struct service_job *find_job(const struct ps_str id)
{
    for (int64_t place = 0; place < service.job_count; place++) {
        if (ps_str_equals_text(id, service.jobs[place].id)) {
            return &service.jobs[place];
        }
    }
    return NULL;
}

static void list_jobs(const struct ps_wish *const wish, struct ps_fact *const fact)
{
    char *text PS_CLEANUP(ps_str_free_auto) = ps_str_dup(wish->text);
    fact->jobs = calloc((size_t)service.job_count + 1, sizeof(fact->jobs[0]));
    for (int64_t place = 0; place < service.job_count; place++) {
        const struct service_job *const job = &service.jobs[place];
        if (job->visible_ms <= service.now_ms && job->created_ms >= wish->after_ms &&
            strstr(job->name, text) != NULL) {
            show_job(job, false, &fact->jobs[fact->job_count++]);
        }
    }
}

static void get_job(const struct ps_wish *const wish, struct ps_fact *const fact)
{
    const struct service_job *const job = find_job(wish->text);
    if (job == NULL) {
        fact->outcome = PS_OUTCOME_NO;
        (void)ps_error_set(&fact->error, PS_E_NOT_FOUND, PS_RETRY_LATER, "no such job");
        return;
    }
    fact->jobs = calloc(1, sizeof(fact->jobs[0]));
    fact->job_count = 1;
    show_job(job, true, &fact->jobs[0]);
}

static void stop_job(const struct ps_wish *const wish)
{
    struct service_job *const job = find_job(wish->text);
    if (job == NULL || is_ended(job, service.now_ms)) {
        return;
    }
    const int64_t sooner_ms = job->end_ms - (service.now_ms + PS_MINUTE_MS);
    if (sooner_ms <= 0) {
        return; /* it ends before the stop takes */
    }
    job->ending = PS_JOB_STOPPED;
    job->end_ms -= sooner_ms;
    job->counts_ms -= sooner_ms;
    job->output_ms -= sooner_ms;
    job->whole_ms -= sooner_ms;
    job->gone_ms -= job->gone_ms == INT64_MAX ? 0 : sooner_ms;
    struct ps_prng fate;
    begin_fate(&fate, job->id);
    for (int64_t member = 0; member < job->member_count; member++) {
        job->marks[member] = ps_prng_below(&fate, 2) == 0 ? job->marks[member] : MARK_NONE;
    }
}

static void add_object(struct ps_fact *const fact, const char *const key, const int64_t size_bytes)
{
    fact->objects =
        reallocarray(fact->objects, (size_t)fact->object_count + 1, sizeof(fact->objects[0]));
    fact->objects[fact->object_count++] =
        (struct ps_object_view){ps_str_dup(ps_str_of(key)), ps_str_dup(PS_STR("etag")), size_bytes};
}

/* An output's key: one object a job, and its manifest. */
static void output_key(const struct service_job *const job, const char *const name,
                       char *const room)
{
    (void)snprintf(room, TEXT_MAX * 2, "%s%s/%s", job->output + strlen("s3://bucket/"), job->id,
                   name);
}

static int64_t count_lines(const struct service_job *const job)
{
    int64_t lines = 0;
    for (int64_t member = 0; member < job->member_count; member++) {
        lines += job->marks[member] != MARK_NONE && job->marks[member] != MARK_LOST ? 1 : 0;
    }
    return service.now_ms < job->whole_ms ? lines / 2 : lines;
}

/* Half an object ends in half a line. */
static int64_t lines_size(const struct service_job *const job)
{
    return count_lines(job) * LINE_BYTES + (service.now_ms < job->whole_ms ? LINE_BYTES / 2 : 0);
}

static void list_folders(const struct ps_wish *const wish, struct ps_fact *const fact)
{
    for (int64_t place = 0; place < service.object_count; place++) {
        const struct ps_str key = ps_str_of(service.objects[place].key);
        const struct ps_str rest = ps_str_part(key, wish->key.size, key.size);
        const size_t slash = ps_str_find(rest, '/');
        if (!ps_str_starts_with(key, wish->key) || slash == rest.size) {
            continue;
        }
        char *folder PS_CLEANUP(ps_str_free_auto) =
            ps_str_dup(ps_str_part(key, 0, wish->key.size + slash + 1));
        bool is_known = false;
        for (int64_t object = 0; object < fact->object_count; object++) {
            is_known = is_known || strcmp(fact->objects[object].key, folder) == 0;
        }
        if (!is_known) {
            add_object(fact, folder, -1);
        }
    }
}

static void list_outputs(const struct ps_wish *const wish, struct ps_fact *const fact)
{
    char key[TEXT_MAX * 2];
    for (int64_t place = 0; place < service.job_count; place++) {
        const struct service_job *const job = &service.jobs[place];
        const bool is_listed = service.now_ms < job->gone_ms || job->is_gone_listed;
        output_key(job, "lines.jsonl.out", key);
        if (service.now_ms < job->output_ms || !ps_str_starts_with(ps_str_of(key), wish->key)) {
            continue;
        }
        if (lines_size(job) > 0 && is_listed) {
            add_object(fact, key, lines_size(job));
        }
        output_key(job, "manifest.json.out", key);
        if (job->has_manifest) {
            add_object(fact, key, 100);
        }
    }
}

static void list_objects(const struct ps_wish *const wish, struct ps_fact *const fact)
{
    if (wish->is_shallow) {
        list_folders(wish, fact);
        return;
    }
    for (int64_t place = 0; place < service.object_count; place++) {
        if (ps_str_starts_with(ps_str_of(service.objects[place].key), wish->key)) {
            add_object(fact, service.objects[place].key, service.objects[place].size_bytes);
        }
    }
    list_outputs(wish, fact);
}

static void put_object(const struct ps_wish *const wish, const int64_t *const members,
                       const int64_t member_count)
{
    const size_t size = (size_t)member_count * sizeof(members[0]);
    char *key PS_CLEANUP(ps_str_free_auto) = ps_str_dup(wish->key);
    for (int64_t place = 0; place < service.object_count; place++) {
        const struct service_object *const object = &service.objects[place];
        if (strcmp(object->key, key) == 0) {
            if (object->member_count != member_count ||
                memcmp(object->members, members, size) != 0) {
                BREACH("object '%s' is put again with other records", key);
            }
            return; /* 412, and equal */
        }
    }
    assert_true(service.object_count < JOBS_MAX * SHARDS);
    struct service_object *const object = &service.objects[service.object_count++];
    (void)snprintf(object->key, sizeof(object->key), "%s", key);
    object->member_count = member_count;
    object->size_bytes = member_count * LINE_BYTES;
    memcpy(object->members, members, size);
}

/* An input object, read by somebody who found its job without a row. */
static bool get_input(const struct ps_wish *const wish, struct reading *const reading)
{
    for (int64_t place = 0; place < service.object_count; place++) {
        const struct service_object *const object = &service.objects[place];
        if (ps_str_equals_text(wish->key, object->key)) {
            assert_true(wish->shard < SHARDS);
            memcpy(reading->foreign[wish->shard], object->members, sizeof(object->members));
            reading->foreign_counts[wish->shard] = object->member_count;
            reading->foreign_objects = wish->shard + 1;
            return true;
        }
    }
    return false;
}

static void fail_get(struct ps_fact *const fact, const enum ps_status status)
{
    fact->outcome = PS_OUTCOME_NO;
    (void)ps_error_set(&fact->error, status, PS_RETRY_LATER, "could not read the object");
}

/* The lines from the wish's offset on; cut after half of them by fault. */
static void get_lines(const struct service_job *const job, const struct ps_wish *const wish,
                      struct reading *const reading, struct ps_fact *const fact)
{
    const bool is_whole = service.now_ms >= job->whole_ms;
    const char *const etag = is_whole ? "whole" : "half";
    int64_t from = wish->offset / LINE_BYTES;
    int64_t end = count_lines(job);
    if (service.now_ms >= job->gone_ms) {
        fail_get(fact, PS_E_NOT_FOUND);
        return;
    }
    if (wish->etag.size > 0 && !ps_str_equals_text(wish->etag, etag)) {
        fail_get(fact, PS_E_CONFLICT);
        return;
    }
    const bool is_cut = happens(FAULT_CUT_GET);
    end = is_cut ? from + (end - from) / 2 : end;
    int64_t line = 0;
    for (int64_t member = 0; member < job->member_count; member++) {
        const bool has_line = job->marks[member] != MARK_NONE && job->marks[member] != MARK_LOST;
        if (has_line && line >= from && line < end) {
            reading->marks[job->members[member]] = job->marks[member];
        }
        line += has_line ? 1 : 0;
    }
    reading->broken += is_whole || is_cut ? 0 : 1;
    if (is_cut) {
        fail_get(fact, PS_E_NETWORK);
        fact->bytes = end * LINE_BYTES;
    }
    fact->text = ps_str_dup(ps_str_of(etag));
}

static int64_t count_processed(const struct service_job *const job)
{
    int64_t processed = 0;
    for (int64_t member = 0; member < job->member_count; member++) {
        processed += job->marks[member] != MARK_NONE ? 1 : 0;
    }
    return processed;
}

static void get_object(const struct ps_wish *const wish, struct reading *const reading,
                       struct ps_fact *const fact)
{
    char key[TEXT_MAX * 2];
    if (get_input(wish, reading)) {
        return;
    }
    for (int64_t place = 0; place < service.job_count; place++) {
        const struct service_job *const job = &service.jobs[place];
        output_key(job, "lines.jsonl.out", key);
        if (ps_str_equals_text(wish->key, key)) {
            get_lines(job, wish, reading, fact);
            return;
        }
        output_key(job, "manifest.json.out", key);
        if (ps_str_equals_text(wish->key, key)) {
            reading->has_manifest = true;
            reading->manifest_counted =
                job->manifest_extra < 0 ? -1 : count_processed(job) + job->manifest_extra;
            return;
        }
    }
    fail_get(fact, PS_E_NOT_FOUND);
}

/* ------------------------------------------------ */

void fake_service_perform(const struct ps_wish *const wish, const int64_t *const members,
                          const int64_t member_count, struct reading *const reading,
                          struct ps_fact *const fact)
{
    char *text PS_CLEANUP(ps_str_free_auto) = ps_str_dup(wish->text);
    switch (wish->kind) {
    case PS_WISH_IDENTITY:
        fact->text = ps_str_dup(PS_STR(ACCOUNT));
        return;
    case PS_WISH_PUT_SHARD:
        put_object(wish, members, member_count);
        return;
    case PS_WISH_LIST_OBJECTS:
        list_objects(wish, fact);
        return;
    case PS_WISH_GET_OBJECT:
        get_object(wish, reading, fact);
        return;
    case PS_WISH_CREATE_JOB:
        fake_service_create(text, service.now_ms, fact);
        return;
    case PS_WISH_GET_JOB:
        get_job(wish, fact);
        return;
    case PS_WISH_LIST_JOBS:
        list_jobs(wish, fact);
        return;
    case PS_WISH_STOP_JOB:
        stop_job(wish);
        return;
    default:
        assert_int_equal(wish->kind, PS_WISH_ABORT_UPLOADS);
    }
}
