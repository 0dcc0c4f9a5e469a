#include "failing_store.h"

/* Has the call that is about to be made to fail? */
static bool is_due(struct failing_store *const failing)
{
    if (failing->has_fired || failing->calls_left != 0) {
        failing->calls_left--;
        return false;
    }
    failing->has_fired = true;
    return true;
}

static enum ps_status fail_now(struct ps_error *const err)
{
    return ps_error_set(err, PS_E_IO, PS_RETRY_LATER, "could not keep the state: a test says so");
}

/* Makes the call of the inner store, unless it fails before its effect. */
#define THROUGH(call)                                   \
    struct failing_store *const failing = context;      \
    const struct ps_state_store inner = failing->inner; \
    const bool fails = is_due(failing);                 \
    if (fails && !failing->is_after) {                  \
        return fail_now(err);                           \
    }                                                   \
    const enum ps_status status = inner.ops->call;      \
    return fails && status == PS_OK ? fail_now(err) : status

static enum ps_status failing_begin(void *const context, struct ps_error *const err)
{
    THROUGH(begin(inner.context, err));
}

static enum ps_status failing_commit(void *const context, struct ps_error *const err)
{
    struct failing_store *const store = context;
    store->commits_after += store->has_fired ? 1 : 0;
    THROUGH(commit(inner.context, err));
}

static void failing_rollback(void *const context)
{
    const struct failing_store *const failing = context;
    failing->inner.ops->rollback(failing->inner.context);
}

static enum ps_status failing_set_value(void *const context, const char *const name,
                                        const char *const value, struct ps_error *const err)
{
    THROUGH(set_value(inner.context, name, value, err));
}

static bool failing_get_value(void *const context, const char *const name,
                              struct ps_buf *const value)
{
    const struct failing_store *const failing = context;
    return failing->inner.ops->get_value(failing->inner.context, name, value);
}

static enum ps_status failing_put_job(void *const context, const struct ps_job *const job,
                                      struct ps_error *const err)
{
    THROUGH(put_job(inner.context, job, err));
}

static enum ps_status failing_each_job(void *const context,
                                       void (*const see)(void *seer, struct ps_job *job),
                                       void *const seer, struct ps_error *const err)
{
    THROUGH(each_job(inner.context, see, seer, err));
}

static enum ps_status failing_put_shards(void *const context, const int64_t job,
                                         const struct ps_shard_record_row *const rows,
                                         const int64_t count, struct ps_error *const err)
{
    THROUGH(put_shards(inner.context, job, rows, count, err));
}

static enum ps_status failing_each_shard(void *const context, const struct ps_shard_span span,
                                         ps_shard_seer *const see, void *const seer,
                                         struct ps_error *const err)
{
    THROUGH(each_shard(inner.context, span, see, seer, err));
}

static enum ps_status failing_mark_put(void *const context, const int64_t job, const int64_t shard,
                                       const int64_t attempt, struct ps_error *const err)
{
    THROUGH(mark_put(inner.context, job, shard, attempt, err));
}

static enum ps_status failing_add_wish(void *const context, const struct ps_wish *const wish,
                                       const int64_t at_ms, int64_t *const ret_id,
                                       struct ps_error *const err)
{
    THROUGH(add_wish(inner.context, wish, at_ms, ret_id, err));
}

static enum ps_status failing_end_wish(void *const context, const int64_t id,
                                       struct ps_error *const err)
{
    THROUGH(end_wish(inner.context, id, err));
}

static enum ps_status failing_each_wish(void *const context, const enum ps_wish_kind kind,
                                        void (*const see)(void *seer, int64_t job, int64_t record),
                                        void *const seer, struct ps_error *const err)
{
    THROUGH(each_wish(inner.context, kind, see, seer, err));
}

static enum ps_status failing_drop_wishes(void *const context, int64_t *const ret_count,
                                          struct ps_error *const err)
{
    THROUGH(drop_wishes(inner.context, ret_count, err));
}

static enum ps_status failing_add_segment(void *const context, const char *const name,
                                          struct ps_error *const err)
{
    THROUGH(add_segment(inner.context, name, err));
}

static enum ps_status failing_each_segment(void *const context,
                                           void (*const see)(void *seer, const char *name),
                                           void *const seer, struct ps_error *const err)
{
    THROUGH(each_segment(inner.context, see, seer, err));
}

static enum ps_status failing_add_event(void *const context, const struct ps_event *const event,
                                        int64_t *const ret_number, struct ps_error *const err)
{
    THROUGH(add_event(inner.context, event, ret_number, err));
}

static enum ps_status failing_each_event(void *const context, ps_event_seer *const see,
                                         void *const seer, struct ps_error *const err)
{
    THROUGH(each_event(inner.context, see, seer, err));
}

struct ps_state_store failing_store_port(struct failing_store *const failing)
{
    static const struct ps_state_store_ops ops = {
        .begin = failing_begin,
        .commit = failing_commit,
        .rollback = failing_rollback,
        .set_value = failing_set_value,
        .get_value = failing_get_value,
        .put_job = failing_put_job,
        .each_job = failing_each_job,
        .put_shards = failing_put_shards,
        .each_shard = failing_each_shard,
        .mark_put = failing_mark_put,
        .add_wish = failing_add_wish,
        .end_wish = failing_end_wish,
        .each_wish = failing_each_wish,
        .drop_wishes = failing_drop_wishes,
        .add_segment = failing_add_segment,
        .each_segment = failing_each_segment,
        .add_event = failing_add_event,
        .each_event = failing_each_event,
    };
    return (struct ps_state_store){&ops, failing};
}
