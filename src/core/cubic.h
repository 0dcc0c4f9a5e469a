/*
 * cubic - how much is dared of a limit that nobody has told: less after a "no", then back, first
 * fast, slowly around where it failed, then fast again beyond it.
 *
 * What is dared is a level in thousandths of anything: jobs at once, calls a second. Four ways to
 * live:
 *   free       nothing has said no, nothing is dared less than the known limit (or than
 * everything); searching  ps_cubic_search: begins small and doubles each unit of time until the
 * first "no"; cut        ps_cubic_cut: to `keep` of what was in use, then W(t) = C * (t - K)^3 +
 * peak, where K is the time at which it is back at the peak; known      a ceiling: never above it,
 * whatever else is so.
 *
 * Time is counted in units of the caller's: a second for calls, what a job takes to begin for jobs.
 * With `keep` of 1000 a cut stays at what was in use and grows beyond it after a unit or so: right
 * where a "no" tells exactly how much is possible.
 *
 * Constants: C = 0.4 and keep = 0.7 are those of CUBIC (RFC 9438, sections 4.1 and 4.6; so is the
 * lower peak after two cuts in a row, 4.7), which the AWS SDKs' adaptive retry mode took over for
 * requests a second (reference: reliability.md, section 9).
 *
 * Integers only; pure state, to be stored as it is. No clock: `now_ms` is the steady clock's.
 * Owner: plain data.
 *
 *     struct ps_cubic cubic = PS_CUBIC_START;
 *     ... on a ThrottlingException: ps_cubic_cut(&cubic, &options, in_use_millis, now_ms);
 *     ... may another one go? in_use_millis + 1000 <= ps_cubic_level(&cubic, &options, now_ms)
 */
#ifndef PS_CORE_CUBIC_H
#define PS_CORE_CUBIC_H

#include <stdbool.h>
#include <stdint.h>

#define PS_CUBIC_FREE INT64_MAX

/* What a cut leaves, in thousandths (RFC 9438, 4.6: beta_cubic). */
#define PS_CUBIC_KEEP 700

struct ps_cubic {
    int64_t base_millis; /* the level at since_ms; PS_CUBIC_FREE: nothing said no yet */
    int64_t peak_millis; /* where it stood when it was cut; 0: searching */
    int64_t since_ms;
};

#define PS_CUBIC_START ((struct ps_cubic){PS_CUBIC_FREE, 0, 0})

struct ps_cubic_options {
    int64_t unit_ms;        /* above 0 */
    int64_t keep;           /* in thousandths, 1 to 1000 */
    int64_t floor_millis;   /* above 0: never less, so that it is found out when more is possible */
    int64_t ceiling_millis; /* the known limit; 0: none */
    int64_t settle_ms; /* a second "no" so soon after a cut speaks of what was sent before it */
};

/* Nothing is known: begins with `first_millis` and doubles. */
void ps_cubic_search(struct ps_cubic *cubic, int64_t first_millis, int64_t now_ms);

/* The level now; PS_CUBIC_FREE: anything. */
int64_t ps_cubic_level(const struct ps_cubic *cubic, const struct ps_cubic_options *options,
                       int64_t now_ms);

/*
 * The service said no while `used_millis` were in use. False: so soon after the last cut that
 * nothing changes.
 */
bool ps_cubic_cut(struct ps_cubic *cubic, const struct ps_cubic_options *options,
                  int64_t used_millis, int64_t now_ms);

/* When it will be at `level_millis` or above if nothing says no; INT64_MAX: never (the ceiling). */
int64_t ps_cubic_reaches_ms(const struct ps_cubic *cubic, const struct ps_cubic_options *options,
                            int64_t level_millis, int64_t now_ms);

#endif
