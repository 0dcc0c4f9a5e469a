#include "base/assert.h"
#include "base/checked.h"
#include "sim/virtual_internal.h"

#define PERMILLE INT64_C(1000)

static int64_t scale(const int64_t left, const int64_t right, const int64_t divisor)
{
    int64_t value = 0;
    PS_ASSERT(ps_muldiv_i64(left, right, divisor, &value));
    return value;
}

static bool can_fail(const struct ps_virtual_truth *const truth)
{
    return truth->fail_400_permille + truth->fail_429_permille + truth->fail_500_permille > 0;
}

/* How a record fails in this job; 0: it does not. */
static int64_t code_of(const struct ps_virtual *const service,
                       const struct ps_virtual_job *const job, const int64_t record)
{
    const struct ps_virtual_truth *const truth = &service->options.truth;
    if (truth->fail_400_permille > 0 && (int64_t)(ps_virtual_draw(service, PS_DRAW_FINAL, record) %
                                                  (uint64_t)PERMILLE) < truth->fail_400_permille) {
        return 400;
    }
    const int64_t again = truth->fail_429_permille + truth->fail_500_permille;
    if (again == 0) {
        return 0;
    }
    /* Jobs draw apart: the purpose is the job's own. */
    const uint64_t purpose = PS_DRAW_ERROR + ((uint64_t)job->number << 8);
    const int64_t drawn = (int64_t)(ps_virtual_draw(service, purpose, record) % (uint64_t)PERMILLE);
    return drawn < truth->fail_429_permille ? 429 : drawn < again ? 500 : 0;
}

/* How much longer than the mean a record is, in permille: evenly from -spread to spread. */
int64_t ps_virtual_excess(const struct ps_virtual *const service, const int64_t record)
{
    const int64_t spread = service->options.truth.spread_permille;
    const uint64_t drawn = ps_virtual_draw(service, PS_DRAW_SIZE, record);
    return (int64_t)(drawn % (uint64_t)(2 * spread + 1)) - spread;
}

struct weight {
    int64_t records;
    int64_t failing;
    int64_t excess; /* sum over all records, in permille */
    int64_t input_tokens;
    int64_t output_tokens;
};

static void weigh_range(const struct ps_virtual *const service,
                        const struct ps_virtual_job *const job,
                        const struct ps_virtual_range *const range, struct weight *const weight)
{
    const struct ps_virtual_truth *const truth = &service->options.truth;
    const int64_t records = range->end - range->first;
    int64_t input_tokens = records * truth->input_tokens;
    int64_t output_tokens = records * truth->output_tokens;
    if (service->options.records->weigh != NULL) {
        service->options.records->weigh(service->options.context, range->first, range->end,
                                        &input_tokens, &output_tokens);
    }
    weight->records += records;
    weight->input_tokens += input_tokens;
    weight->output_tokens += output_tokens;
    if (can_fail(truth)) {
        for (int64_t record = range->first; record < range->end; record++) {
            weight->failing += code_of(service, job, record) != 0 ? 1 : 0;
        }
    }
    if (truth->spread_permille > 0) {
        for (int64_t record = range->first; record < range->end; record++) {
            weight->excess += ps_virtual_excess(service, record);
        }
    }
}

/* What those that do not fail use, with bias and spread. */
static int64_t true_tokens(const struct ps_virtual *const service,
                           const struct weight *const weight, const int64_t tokens)
{
    const int64_t biased = scale(tokens, PERMILLE + service->options.truth.bias_permille, PERMILLE);
    const int64_t spread =
        scale(biased, PERMILLE * weight->records + weight->excess, PERMILLE * weight->records);
    return scale(spread, weight->records - weight->failing, weight->records);
}

void ps_virtual_weigh(const struct ps_virtual *const service, struct ps_virtual_job *const job)
{
    struct weight weight = {.records = 0};
    for (size_t input = 0; input < job->input_count; input++) {
        const struct ps_virtual_ranges *const ranges = &job->inputs[input]->ranges;
        for (size_t row = 0; row < ranges->count; row++) {
            weigh_range(service, job, &ranges->rows[row], &weight);
        }
    }
    const struct ps_virtual_lane *const lane = &job->place->lane;
    const int64_t burndown = lane->burndown > 0 ? lane->burndown : 1;
    job->records = weight.records;
    job->costing = weight.records - weight.failing;
    job->input_tokens = weight.records > 0 ? true_tokens(service, &weight, weight.input_tokens) : 0;
    job->output_tokens =
        weight.records > 0 ? true_tokens(service, &weight, weight.output_tokens) : 0;
    job->flow.records = weight.records;
    job->flow.tokens = job->input_tokens + job->output_tokens * burndown;
}

/* ---- what became of them ---- */

struct walk {
    const struct ps_virtual *service;
    const struct ps_virtual_job *job;
    void (*visit)(void *context, const struct ps_virtual_delivery *delivery);
    void *context;
    size_t stretch;                  /* of the job's flow, where the walk is */
    struct ps_virtual_delivery open; /* not told yet; empty where end == first */
};

static void flush(struct walk *const walk)
{
    if (walk->open.end > walk->open.first) {
        walk->visit(walk->context, &walk->open);
    }
    walk->open.first = walk->open.end;
}

static void add(struct walk *const walk, const struct ps_virtual_delivery *const next)
{
    if (next->end == next->first) {
        return;
    }
    const bool is_same = walk->open.kind == next->kind &&
                         walk->open.error_code == next->error_code &&
                         walk->open.end == next->first && walk->open.end > walk->open.first;
    if (is_same) {
        walk->open.end = next->end;
        return;
    }
    flush(walk);
    walk->open = *next;
}

/* Was record number `ordinal` of the job refused by a limit? */
static bool is_refused(struct walk *const walk, const int64_t ordinal)
{
    const struct ps_rates_stretch *stretch = ps_rates_flow_stretch(&walk->job->flow, walk->stretch);
    while (stretch != NULL && ordinal >= stretch->end) {
        walk->stretch++;
        stretch = ps_rates_flow_stretch(&walk->job->flow, walk->stretch);
    }
    return stretch != NULL && ordinal >= stretch->first &&
           ps_rates_stretch_refuses(stretch, ordinal);
}

static void walk_one(struct walk *const walk, const int64_t record, const int64_t ordinal)
{
    const int64_t code =
        is_refused(walk, ordinal) ? 429 : code_of(walk->service, walk->job, record);
    add(walk,
        &(struct ps_virtual_delivery){.kind = code == 0 ? PS_VIRTUAL_SUCCEEDED : PS_VIRTUAL_ERROR,
                                      .first = record,
                                      .end = record + 1,
                                      .error_code = code});
}

/* `ordinal`: the number within the job of the range's first record. */
static void walk_range(struct walk *const walk, const struct ps_virtual_range *const range,
                       const int64_t ordinal)
{
    const int64_t records = range->end - range->first;
    int64_t processed = walk->job->processed - ordinal;
    processed = processed < 0 ? 0 : processed > records ? records : processed;
    const int64_t end = range->first + processed;
    if (can_fail(&walk->service->options.truth) || walk->job->flow.stretch_count > 0) {
        for (int64_t record = range->first; record < end; record++) {
            walk_one(walk, record, ordinal + record - range->first);
        }
    } else {
        add(walk, &(struct ps_virtual_delivery){
                      .kind = PS_VIRTUAL_SUCCEEDED, .first = range->first, .end = end});
    }
    add(walk,
        &(struct ps_virtual_delivery){.kind = PS_VIRTUAL_NO_LINE, .first = end, .end = range->end});
}

void ps_virtual_walk(const struct ps_virtual *const service, const struct ps_virtual_job *const job,
                     const size_t input,
                     void (*const visit)(void *context, const struct ps_virtual_delivery *delivery),
                     void *const context)
{
    struct walk walk = {.service = service, .job = job, .visit = visit, .context = context};
    int64_t ordinal = 0;
    PS_ASSERT(input < job->input_count);
    for (size_t before = 0; before < input; before++) {
        ordinal += job->inputs[before]->ranges.records;
    }
    const struct ps_virtual_ranges *const ranges = &job->inputs[input]->ranges;
    for (size_t row = 0; row < ranges->count; row++) {
        walk_range(&walk, &ranges->rows[row], ordinal);
        ordinal += ranges->rows[row].end - ranges->rows[row].first;
    }
    flush(&walk);
}
