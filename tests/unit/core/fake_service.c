#include "fake_service.h"

#include "core/rules.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fake_service service;

void fake_service_init(const uint64_t seed, const struct faults *const faults,
                       const int64_t min_records)
{
    memset(&service, 0, sizeof(service));
    service.seed = seed;
    service.faults = *faults;
    service.min_records = min_records;
    service.now_ms = START_MS;
    ps_prng_init(&service.prng, seed);
}

bool happens(const int64_t per_mille)
{
    return ps_prng_below(&service.prng, 1000) < per_mille;
}

int64_t between(const int64_t low, const int64_t high)
{
    return low + ps_prng_below(&service.prng, high - low + 1);
}

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

/* How the job will end, drawn at once. */
static void draw_ending(struct service_job *const job, const int64_t at_ms)
{
    static const enum ps_job_status bad[] = {PS_JOB_FAILED, PS_JOB_PARTIALLY_COMPLETED,
                                             PS_JOB_EXPIRED, PS_JOB_STOPPED};
    const bool is_bad = happens(service.faults.bad_ending);
    job->ending = is_bad ? bad[ps_prng_below(&service.prng, 4)] : PS_JOB_COMPLETED;
    job->end_ms = at_ms + between(1, 90) * PS_MINUTE_MS;
    job->output_ms =
        job->end_ms + (happens(service.faults.late_output) ? between(1, 240) * PS_SECOND_MS : 0);
    job->has_manifest = !happens(service.faults.no_manifest) && job->ending != PS_JOB_EXPIRED;
    const bool has_output = job->ending != PS_JOB_FAILED && job->ending != PS_JOB_EXPIRED;
    const bool is_short = happens(service.faults.short_output);
    for (int64_t member = 0; has_output && member < job->member_count; member++) {
        const bool is_done = job->ending == PS_JOB_COMPLETED || happens(500);
        const bool is_wrong = happens(service.faults.record_error);
        job->marks[member] = !is_done                   ? MARK_NONE
                             : is_wrong                 ? MARK_RETRY
                             : is_short && happens(300) ? MARK_LOST
                                                        : MARK_SUCCESS;
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

/* The fact's outcome is written; `at_ms` may be later than the call. */
void fake_service_create(const char *const body, const int64_t at_ms, struct ps_fact *const fact)
{
    struct service_job fresh = {.created_ms = at_ms};
    read_field(body, "jobName", fresh.name);
    read_field(body, "clientRequestToken", fresh.token);
    read_field(strstr(body, "s3InputDataConfig"), "s3Uri", fresh.input);
    read_field(strstr(body, "s3OutputDataConfig"), "s3Uri", fresh.output);
    for (int64_t place = 0; place < service.job_count; place++) {
        const struct service_job *const job = &service.jobs[place];
        if (strcmp(job->token, fresh.token) == 0 &&
            at_ms - job->created_ms <= PS_TOKEN_WINDOW_MS + PS_SIGNATURE_MS) {
            fact->text = ps_str_dup(ps_str_of(job->id));
            return;
        }
        if (strcmp(job->name, fresh.name) == 0 && !happens(service.faults.any_name)) {
            fact->outcome = PS_OUTCOME_UNKNOWN;
            (void)ps_error_set(&fact->error, PS_E_CONFLICT, PS_RETRY_LATER, "name in use");
            return;
        }
    }
    if (count_live(at_ms) >= SLOTS) {
        service.refused++;
        fact->outcome = PS_OUTCOME_NO;
        (void)ps_error_set(&fact->error, PS_E_QUOTA, PS_RETRY_LATER, "too many jobs");
        return;
    }
    read_members(&fresh);
    if (fresh.member_count < service.min_records) {
        BREACH("'%s' has %lld records", fresh.name, (long long)fresh.member_count);
    }
    check_not_sent_needlessly(&fresh, at_ms);
    draw_ending(&fresh, at_ms);
    fresh.visible_ms =
        at_ms + (happens(service.faults.list_lag) ? between(1, 570) * PS_SECOND_MS : 0);
    assert_true(service.job_count < JOBS_MAX);
    (void)snprintf(fresh.id, sizeof(fresh.id), "id%010lld", (long long)service.job_count);
    service.jobs[service.job_count++] = fresh;
    fact->text = ps_str_dup(ps_str_of(fresh.id));
}

static void show_job(const struct service_job *const job, const bool is_get,
                     struct ps_job_view *const view)
{
    const bool has_ended = is_ended(job, service.now_ms);
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
    view->status = has_ended ? job->ending : PS_JOB_IN_PROGRESS;
    view->submitted_at_ms = job->created_ms;
    view->total_count = job->member_count;
    view->success_count = has_ended ? counts[MARK_SUCCESS] + counts[MARK_LOST] : 0;
    view->error_count = has_ended ? counts[MARK_RETRY] : 0;
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
    job->ending = PS_JOB_STOPPED;
    job->end_ms = service.now_ms + PS_MINUTE_MS;
    job->output_ms = job->end_ms + 30 * PS_SECOND_MS;
    for (int64_t member = 0; member < job->member_count; member++) {
        job->marks[member] = happens(500) ? job->marks[member] : MARK_NONE;
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

static bool has_lines(const struct service_job *const job)
{
    bool has_any = false;
    for (int64_t member = 0; member < job->member_count; member++) {
        has_any = has_any || job->marks[member] != MARK_NONE;
    }
    return has_any;
}

static void list_objects(const struct ps_wish *const wish, struct ps_fact *const fact)
{
    char key[TEXT_MAX * 2];
    for (int64_t place = 0; place < service.object_count; place++) {
        if (ps_str_starts_with(ps_str_of(service.objects[place].key), wish->key)) {
            add_object(fact, service.objects[place].key, service.objects[place].size_bytes);
        }
    }
    for (int64_t place = 0; place < service.job_count; place++) {
        const struct service_job *const job = &service.jobs[place];
        output_key(job, "lines.jsonl.out", key);
        if (service.now_ms < job->output_ms || !ps_str_starts_with(ps_str_of(key), wish->key)) {
            continue;
        }
        if (has_lines(job)) {
            add_object(fact, key, 1000);
        }
        output_key(job, "manifest.json.out", key);
        if (job->has_manifest) {
            add_object(fact, key, 100);
        }
    }
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
    object->size_bytes = member_count * 10;
    memcpy(object->members, members, size);
}

/* Its lines go into the job's reading; what is in the way of our own objects is read as foreign. */
static void get_object(const struct ps_wish *const wish, struct reading *const reading)
{
    char key[TEXT_MAX * 2];
    if (wish->shard == 0) {
        memset(reading, 0, sizeof(*reading));
    }
    for (int64_t place = 0; place < service.object_count; place++) {
        const struct service_object *const object = &service.objects[place];
        if (ps_str_equals_text(wish->key, object->key)) {
            memcpy(reading->foreign[reading->foreign_objects], object->members,
                   sizeof(object->members));
            reading->foreign_counts[reading->foreign_objects++] = object->member_count;
        }
    }
    for (int64_t place = 0; place < service.job_count; place++) {
        const struct service_job *const job = &service.jobs[place];
        int64_t counted = 0;
        output_key(job, "lines.jsonl.out", key);
        const bool is_lines = ps_str_equals_text(wish->key, key);
        output_key(job, "manifest.json.out", key);
        const bool is_manifest = ps_str_equals_text(wish->key, key);
        for (int64_t member = 0; member < job->member_count; member++) {
            counted += job->marks[member] != MARK_NONE ? 1 : 0;
            if (is_lines && job->marks[member] != MARK_LOST) {
                reading->marks[job->members[member]] = job->marks[member];
            }
        }
        if (is_manifest) {
            reading->has_manifest = true;
            reading->manifest_counted = counted;
        }
    }
}

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
        get_object(wish, reading);
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
