#include "core/slots.h"

#include "base/assert.h"
#include "base/checked.h"
#include "base/time.h"

#define MILLIS 1000
#define WHOLE_PERCENT 100

/*
 * Our own: how long after a refusal about one more job is tried, and in which a search doubles.
 * Below what a job takes to begin (data/startup.json: 15 minutes in the middle), so that a slot
 * that comes free is in use within one job's time.
 */
#define SLOT_UNIT_MS (10 * PS_MINUTE_MS)

/* Refused records show in the counters a poll or two after the cut: one burst is one cut. */
#define RATE_SETTLE_MS (3 * PS_MINUTE_MS)

/* Errors of so many records in a hundred are refusals, not records that fail by themselves. */
#define REFUSED_PERCENT 5

/* So near to the known rate counts as all of it: counters lag by a minute (bedrock.md, 1.3). */
#define FULL_PERCENT 85

static const struct ps_cubic_options creates_options = {
    .unit_ms = SLOT_UNIT_MS, .keep = MILLIS, .floor_millis = MILLIS};

static const struct ps_cubic_options rate_options = {.unit_ms = SLOT_UNIT_MS,
                                                     .keep = PS_CUBIC_KEEP,
                                                     .floor_millis = MILLIS,
                                                     .settle_ms = RATE_SETTLE_MS};

static int64_t known(const int64_t limit)
{
    return limit > 0 ? limit : 0;
}

void ps_slots_init(struct ps_slots *const slots, const int64_t jobs_max, const int64_t tpm,
                   const enum ps_behaviour behaviour)
{
    *slots = (struct ps_slots){.jobs_max = known(jobs_max),
                               .tpm = known(tpm),
                               .behaviour = behaviour,
                               .creates = PS_CUBIC_START,
                               .rate = PS_CUBIC_START,
                               .refused_at = -1};
}

static int64_t whole(const int64_t millis)
{
    return millis == PS_CUBIC_FREE ? INT64_MAX : millis / MILLIS;
}

static int64_t larger(const int64_t left, const int64_t right)
{
    return left > right ? left : right;
}

static int64_t smaller(const int64_t left, const int64_t right)
{
    return left < right ? left : right;
}

/*
 * As many as the known rate carries. Jobs differ in speed, and one that is not seen yet may be the
 * fastest so far: so at most as many of those as are seen, and the first one alone.
 */
static int64_t carried(const struct ps_slots *const slots)
{
    if (slots->job_tpm == 0) {
        return 1;
    }
    const int64_t left_tpm = slots->tpm > slots->all_tpm ? slots->tpm - slots->all_tpm : 0;
    const int64_t unseen = smaller(left_tpm / slots->job_tpm, larger(slots->measured, 1));
    return larger(slots->measured + unseen, 1);
}

/* By the rate, of a pool that refuses, or may. */
static int64_t rate_max(const struct ps_slots *const slots, const int64_t now_ms)
{
    if (slots->behaviour == PS_BEHAVIOUR_QUEUE) {
        return INT64_MAX;
    }
    const int64_t dared = whole(ps_cubic_level(&slots->rate, &rate_options, now_ms));
    /* A rate that is known is not searched for; but what was refused says that less of it is ours.
     */
    if (slots->behaviour == PS_BEHAVIOUR_REFUSE && slots->tpm > 0) {
        return slots->rate.peak_millis == 0 ? carried(slots) : smaller(carried(slots), dared);
    }
    return dared;
}

/* What the others leave of the known limit. */
static int64_t room(const struct ps_slots *const slots)
{
    if (slots->jobs_max == 0) {
        return INT64_MAX;
    }
    return slots->others < slots->jobs_max ? slots->jobs_max - slots->others : 0;
}

int64_t ps_slots_max(struct ps_slots *const slots, const int64_t now_ms)
{
    const bool is_searching = slots->behaviour == PS_BEHAVIOUR_LEARN ||
                              (slots->behaviour == PS_BEHAVIOUR_REFUSE && slots->tpm == 0);
    if (is_searching && !slots->has_begun) {
        slots->has_begun = true;
        ps_cubic_search(&slots->rate, MILLIS, now_ms);
    }
    const int64_t created = whole(ps_cubic_level(&slots->creates, &creates_options, now_ms));
    return smaller(room(slots), smaller(created, rate_max(slots, now_ms)));
}

int64_t ps_slots_more_ms(const struct ps_slots *const slots, const int64_t ours,
                         const int64_t now_ms)
{
    const int64_t wanted_millis = (ours + 1) * MILLIS;
    const bool is_searching =
        slots->behaviour == PS_BEHAVIOUR_LEARN ||
        (slots->behaviour == PS_BEHAVIOUR_REFUSE && (slots->tpm == 0 || ours < carried(slots)));
    int64_t at_ms = ps_cubic_reaches_ms(&slots->creates, &creates_options, wanted_millis, now_ms);
    if (ours >= room(slots) || (!is_searching && ours >= rate_max(slots, now_ms))) {
        return INT64_MAX;
    }
    if (is_searching) {
        const int64_t rate_ms =
            ps_cubic_reaches_ms(&slots->rate, &rate_options, wanted_millis, now_ms);
        at_ms = rate_ms > at_ms ? rate_ms : at_ms;
    }
    return at_ms;
}

void ps_slots_refuse(struct ps_slots *const slots, const int64_t ours, const int64_t now_ms)
{
    PS_ASSERT(ours >= 0);
    slots->refused_at = ours;
    (void)ps_cubic_cut(&slots->creates, &creates_options, ours * MILLIS, now_ms);
}

enum ps_slots_word ps_slots_list(struct ps_slots *const slots, const int64_t others)
{
    const bool is_changed = others != slots->others;
    slots->others = others;
    if (slots->refused_at >= 0) {
        const int64_t all = slots->refused_at + others;
        slots->refused_at = -1;
        if (others > 0 && slots->jobs_max > 0 && all >= slots->jobs_max) {
            slots->creates = PS_CUBIC_START; /* the others explain it: they are counted from here */
            return PS_SLOTS_OTHERS;
        }
        if (all != slots->learned && (slots->jobs_max == 0 || all < slots->jobs_max)) {
            slots->learned = all;
            return PS_SLOTS_LEARNED;
        }
    }
    return is_changed ? PS_SLOTS_OTHERS : PS_SLOTS_NOTHING;
}

bool ps_slots_wants_list(const struct ps_slots *const slots)
{
    return slots->refused_at >= 0 || slots->others > 0;
}

void ps_slots_hold(struct ps_slots *const slots, const int64_t ours)
{
    const int64_t all = ours + slots->others;
    if (slots->learned > 0 && all > slots->learned) {
        slots->learned = slots->jobs_max > 0 && all >= slots->jobs_max ? 0 : all;
    }
}

/* Two jobs or more share the known rate, and nothing was refused: it lets them wait. */
static bool is_queue(const struct ps_slots *const slots, const struct ps_slots_look *const look)
{
    return slots->behaviour == PS_BEHAVIOUR_LEARN && slots->tpm > 0 && look->running > 1 &&
           look->tpm >= ps_scale_i64(slots->tpm, FULL_PERCENT, WHOLE_PERCENT) &&
           ps_scale_i64(look->job_tpm, look->running, 1) <= slots->tpm * 2;
}

enum ps_slots_word ps_slots_see(struct ps_slots *const slots,
                                const struct ps_slots_look *const look, const int64_t now_ms)
{
    slots->job_tpm = larger(slots->job_tpm, look->job_tpm);
    slots->measured = look->measured;
    slots->all_tpm = look->all_tpm;
    if (slots->behaviour == PS_BEHAVIOUR_QUEUE || look->records == 0) {
        return PS_SLOTS_NOTHING;
    }
    if (look->errors * WHOLE_PERCENT <= look->records * REFUSED_PERCENT) {
        if (!is_queue(slots, look)) {
            return PS_SLOTS_NOTHING;
        }
        slots->behaviour = PS_BEHAVIOUR_QUEUE;
        return PS_SLOTS_QUEUES;
    }
    const bool is_new = slots->behaviour == PS_BEHAVIOUR_LEARN;
    slots->behaviour = PS_BEHAVIOUR_REFUSE;
    if (!ps_cubic_cut(&slots->rate, &rate_options, look->running * MILLIS, now_ms) && !is_new) {
        return PS_SLOTS_NOTHING;
    }
    return is_new ? PS_SLOTS_REFUSES : PS_SLOTS_SHRUNK;
}
