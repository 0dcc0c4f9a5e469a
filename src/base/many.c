#include "base/many.h"

#define PERCENT_WHOLE 100

bool ps_many_allows(const struct ps_many many, const int64_t count, const int64_t total)
{
    return many.is_percent ? count * PERCENT_WHOLE <= many.count * total : count <= many.count;
}
