#include "core/bucket.h"

#include "base/assert.h"
#include "base/time.h"

#include <stdbool.h>

static bool has_limit(const struct ps_bucket *const bucket)
{
    return bucket->limit > 0 && bucket->limit <= PS_BUCKET_LIMIT_MAX;
}

static int64_t smaller(const int64_t left, const int64_t right)
{
    return left < right ? left : right;
}

static int64_t larger(const int64_t left, const int64_t right)
{
    return left > right ? left : right;
}

/* How long until it holds so much more; rounded up. */
static int64_t fill_ms(const struct ps_bucket *const bucket, const int64_t wanted)
{
    return wanted <= 0 ? 0 : (wanted + bucket->limit - 1) / bucket->limit;
}

static int64_t held_at(const struct ps_bucket *const bucket, const int64_t now_ms)
{
    const int64_t full = larger(bucket->held, bucket->room * bucket->period_ms);
    const int64_t passed_ms = larger(0, now_ms - bucket->at_ms);
    return passed_ms >= fill_ms(bucket, full - bucket->held)
               ? full
               : bucket->held + passed_ms * bucket->limit;
}

void ps_bucket_init(struct ps_bucket *const bucket, const int64_t limit, const int64_t period_ms,
                    const int64_t room)
{
    PS_ASSERT(period_ms > 0 && period_ms <= PS_HOUR_MS);
    PS_ASSERT(room > 0);
    const int64_t held = smaller(room, PS_BUCKET_LIMIT_MAX);
    *bucket = (struct ps_bucket){limit, period_ms, held, held * period_ms, 0};
}

int64_t ps_bucket_ready_ms(const struct ps_bucket *const bucket, const int64_t amount,
                           const int64_t now_ms)
{
    if (!has_limit(bucket)) {
        return now_ms;
    }
    const int64_t wanted = smaller(amount, bucket->room) * bucket->period_ms;
    return now_ms + fill_ms(bucket, wanted - held_at(bucket, now_ms));
}

void ps_bucket_take(struct ps_bucket *const bucket, const int64_t amount, const int64_t now_ms)
{
    if (!has_limit(bucket)) {
        return;
    }
    bucket->held =
        held_at(bucket, now_ms) - smaller(amount, PS_BUCKET_LIMIT_MAX) * bucket->period_ms;
    bucket->at_ms = larger(bucket->at_ms, now_ms);
}
