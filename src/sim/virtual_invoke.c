/* Calls of models in virtual time: a record by its number, within the pool's limits on demand. */
#include "base/assert.h"
#include "sim/virtual_internal.h"

#include <stdio.h>

#define PERMILLE INT64_C(1000)

static int64_t scale(const int64_t left, const int64_t right, const int64_t divisor)
{
    int64_t value = 0;
    PS_ASSERT(ps_muldiv_i64(left, right, divisor, &value));
    return value;
}

/* What the record really costs. */
static void weigh(const struct ps_virtual *const service, const int64_t record,
                  struct ps_virtual_call *const call)
{
    const struct ps_virtual_truth *const truth = &service->options.truth;
    int64_t input_tokens = truth->input_tokens;
    int64_t output_tokens = truth->output_tokens;
    if (service->options.records->weigh != NULL) {
        service->options.records->weigh(service->options.context, record, record + 1, &input_tokens,
                                        &output_tokens);
    }
    const int64_t permille = PERMILLE + ps_virtual_excess(service, record);
    const int64_t bias = PERMILLE + truth->bias_permille;
    call->input_tokens = scale(scale(input_tokens, bias, PERMILLE), permille, PERMILLE);
    call->output_tokens = scale(scale(output_tokens, bias, PERMILLE), permille, PERMILLE);
}

/* How this call of the record fails; 0: it does not. */
static int64_t code_of(const struct ps_virtual *const service, const int64_t record)
{
    const struct ps_virtual_truth *const truth = &service->options.truth;
    const uint64_t final = ps_virtual_draw(service, PS_DRAW_FINAL, record);
    if ((int64_t)(final % (uint64_t)PERMILLE) < truth->fail_400_permille) {
        return 400;
    }
    const uint64_t drawn =
        ps_virtual_draw(service, PS_DRAW_CALL, service->ledger.invocations + service->call_count);
    const int64_t again = (int64_t)(drawn % (uint64_t)PERMILLE);
    return again < truth->fail_429_permille                              ? 429
           : again < truth->fail_429_permille + truth->fail_500_permille ? 500
                                                                         : 0;
}

static void refuse(struct ps_fact *const fact, const int http_status, const char *const code,
                   const char *const message)
{
    struct ps_refusal refusal;
    (void)ps_refuse(&refusal, http_status, code, "%s", message);
    ps_virtual_refuse(fact, "call the model", &refusal);
}

/* True: it fails as the truth says, before the limits are asked. */
static bool fails(struct ps_virtual *const service, const int64_t record,
                  struct ps_fact *const fact)
{
    switch (code_of(service, record)) {
    case 400:
        refuse(fact, 400, "ValidationException", "the record is not what the model takes");
        return true;
    case 429:
        refuse(fact, 429, "ThrottlingException",
               "Too many requests, please wait before trying again.");
        service->ledger.throttled_calls++;
        return true;
    case 500:
        /* The service knows that it was not executed; its client cannot. */
        refuse(fact, 500, "InternalServerException", "We encountered an internal error.");
        fact->outcome = PS_OUTCOME_UNKNOWN;
        fact->error.retry = PS_RETRY_LATER;
        return true;
    default:
        return false;
    }
}

static void execute(struct ps_virtual *const service, const struct ps_virtual_place *const place,
                    struct ps_virtual_act *const act, const struct ps_on_demand_use *const use)
{
    struct ps_virtual_pool *const pool = place->pool;
    struct ps_virtual_ledger *const ledger = &service->ledger;
    const int64_t record = act->wish.record;
    ps_on_demand_take(&pool->calls, use);
    pool->called++;
    pool->called_tokens += use->settled_tokens;
    pool->called_first_ms = pool->called_first_ms == 0 ? use->at_ms : pool->called_first_ms;
    pool->called_last_ms = use->at_ms;
    ledger->invocations++;
    ledger->records_processed++;
    ledger->records_billed++;
    ledger->paid_twice += ps_billed_add(&service->billed, record, record + 1);
    ledger->input_tokens += act->call.input_tokens;
    ledger->output_tokens += act->call.output_tokens;
    ledger->first_start_ms = ledger->first_start_ms == 0 ? use->at_ms : ledger->first_start_ms;
    ps_virtual_log_invocation(service, place, act, use);
    act->is_executed = true;
    ps_virtual_queue_act(service, act, use->settled_ms);
}

static void answer(struct ps_virtual *const service, const struct ps_virtual_act *const act,
                   struct ps_fact *const fact)
{
    const struct ps_virtual_delivery delivery = {.kind = PS_VIRTUAL_SUCCEEDED,
                                                 .first = act->wish.record,
                                                 .end = act->wish.record + 1,
                                                 .input_tokens = act->call.input_tokens,
                                                 .output_tokens = act->call.output_tokens};
    service->options.records->deliver(service->options.context, &act->wish, &delivery);
    fact->tally.input_tokens = act->call.input_tokens;
    fact->tally.output_tokens = act->call.output_tokens;
    service->ledger.last_ms = service->now_ms;
}

bool ps_virtual_invoke(struct ps_virtual *const service, struct ps_virtual_place *const place,
                       struct ps_virtual_act *const act, struct ps_fact *const fact)
{
    if (act->is_executed) {
        answer(service, act, fact);
        return true;
    }
    if (!place->lane.is_on_demand) {
        refuse(fact, 400, "ValidationException", "this account has no throughput on demand");
        return true;
    }
    service->call_count++;
    if (fails(service, act->wish.record, fact)) {
        return true;
    }
    const int64_t most = service->options.truth.output_tokens_max;
    const int64_t burndown = place->lane.burndown > 0 ? place->lane.burndown : 1;
    weigh(service, act->wish.record, &act->call);
    struct ps_on_demand_use use = {
        .at_ms = service->now_ms,
        .reserved_tokens = act->call.input_tokens + (most > 0 ? most : act->call.output_tokens),
        .settled_tokens = act->call.input_tokens + act->call.output_tokens * burndown};
    use.settled_ms = use.at_ms + ps_on_demand_latency_ms(
                                     ps_virtual_draw(service, PS_DRAW_LATENCY, service->call_count),
                                     act->call.output_tokens);
    const enum ps_on_demand_verdict verdict =
        ps_on_demand_ask(&place->pool->calls, use.reserved_tokens, use.at_ms);
    if (verdict != PS_ON_DEMAND_FITS) {
        refuse(fact, 429, "ThrottlingException", ps_on_demand_words(verdict));
        service->ledger.throttled_calls++;
        return true;
    }
    execute(service, place, act, &use);
    return false;
}
