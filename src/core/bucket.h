/*
 * bucket - a limit "so many a period" as a bucket that fills at that rate and holds a little.
 *
 * What is taken is taken at once; what was reserved and not used is given back. An amount larger
 * than the bucket goes once the bucket is full, and those after it wait until its debt is paid: so
 * nothing waits for ever, and the rate holds over any longer time. The clock is an argument and
 * never goes back.
 *
 * Pure. Plain data, embedded.
 *
 *     ps_bucket_init(&bucket, 20, PS_SECOND_MS, 2);
 *     if (ps_bucket_ready_ms(&bucket, 1, now_ms) <= now_ms) { ps_bucket_take(&bucket, 1, now_ms); }
 */
#ifndef PS_CORE_BUCKET_H
#define PS_CORE_BUCKET_H

#include <stdint.h>

/* A limit above this is as good as none; times a period of an hour it still fits 64 bits. */
#define PS_BUCKET_LIMIT_MAX INT64_C(1000000000000)

struct ps_bucket {
    int64_t limit; /* in a period; 0 and below: no limit */
    int64_t period_ms;
    int64_t room;  /* what it holds when full */
    int64_t held;  /* times period_ms; below 0: a debt */
    int64_t at_ms; /* when it held that */
};

/* Full. `room` at least 1; period_ms 1 ms to an hour. */
void ps_bucket_init(struct ps_bucket *bucket, int64_t limit, int64_t period_ms, int64_t room);

/* The earliest instant from now_ms on at which so much may be taken. */
int64_t ps_bucket_ready_ms(const struct ps_bucket *bucket, int64_t amount, int64_t now_ms);

/* Takes it, whether or not it is there; a negative amount is given back, and then it may hold more
 * than it has room for: that was taken before. */
void ps_bucket_take(struct ps_bucket *bucket, int64_t amount, int64_t now_ms);

#endif
