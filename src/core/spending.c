#include "core/spending.h"

#include "base/checked.h"

#define TOKENS_OF_A_PRICE 1000000

int64_t ps_price_usd_micros(const struct ps_price price, const int64_t input_tokens,
                            const int64_t output_tokens)
{
    return ps_sum_i64(ps_scale_up_i64(input_tokens, price.input_usd_micros, TOKENS_OF_A_PRICE),
                      ps_scale_up_i64(output_tokens, price.output_usd_micros, TOKENS_OF_A_PRICE));
}

enum ps_spending_stop ps_spending_judge(const struct ps_spending_limits *const limits,
                                        const struct ps_spending_counts *const counts)
{
    const int64_t ended = counts->succeeded + counts->failed;
    return limits->has_failures != 0 && !ps_many_allows(limits->failures, counts->failed, ended)
               ? PS_SPENDING_FAILURES
               : PS_SPENDING_GO;
}

bool ps_spending_canary_holds(const struct ps_spending_limits *const limits,
                              const struct ps_spending_counts *const counts)
{
    const struct ps_many standard = {PS_CANARY_FAILED_PERCENT, true};
    const int64_t bad = counts->failed + counts->to_come;
    return ps_many_allows(limits->has_failures != 0 ? limits->failures : standard, bad,
                          bad + counts->succeeded);
}

static const char *const canary_words[] = {
    [PS_CANARY_NONE] = "none",
    [PS_CANARY_WANTED] = "wanted",
    [PS_CANARY_SENT] = "sent",
    [PS_CANARY_PASSED] = "passed",
};

const char *ps_canary_word(const enum ps_canary canary)
{
    return canary_words[canary];
}

enum ps_canary ps_canary_of(const struct ps_str word)
{
    for (int canary = PS_CANARY_WANTED; canary <= PS_CANARY_PASSED; canary++) {
        if (ps_str_equals_text(word, canary_words[canary])) {
            return (enum ps_canary)canary;
        }
    }
    return PS_CANARY_NONE;
}
