#include "core/spending.h"

enum ps_spending_stop ps_spending_judge(const struct ps_spending_limits *const limits,
                                        const struct ps_spending_counts *const counts)
{
    const int64_t ended = counts->succeeded + counts->failed;
    return limits->has_failures != 0 && !ps_many_allows(limits->failures, counts->failed, ended)
               ? PS_SPENDING_FAILURES
               : PS_SPENDING_GO;
}
