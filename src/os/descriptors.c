#include "os/descriptors.h"

#include <sys/resource.h>

static int64_t number_of(const rlim_t limit)
{
    return limit == RLIM_INFINITY || limit > (rlim_t)INT64_MAX ? INT64_MAX : (int64_t)limit;
}

int64_t ps_descriptors_raise(const int64_t wanted)
{
    struct rlimit limit = {0, 0};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        return 0;
    }
    const int64_t soft = number_of(limit.rlim_cur);
    const int64_t hard = number_of(limit.rlim_max);
    const int64_t target = wanted < hard ? wanted : hard;
    if (target <= soft) {
        return soft;
    }
    limit.rlim_cur = (rlim_t)target;
    return setrlimit(RLIMIT_NOFILE, &limit) == 0 ? target : soft;
}
