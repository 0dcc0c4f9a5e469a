#include "os/threads.h"

#include "base/assert.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

struct task {
    void (*work)(void *context);
    void *context;
};

int64_t ps_threads_processors(void)
{
    cpu_set_t allowed;
    CPU_ZERO(&allowed);
    if (sched_getaffinity(0, sizeof(allowed), &allowed) != 0) {
        return 1;
    }
    return CPU_COUNT(&allowed);
}

static void *run_task(void *const task_given)
{
    const struct task *const task = task_given;
    task->work(task->context);
    return NULL;
}

void ps_threads_run(const int64_t count, void (*const work)(void *context), void *const context)
{
    PS_ASSERT(count >= 1);
    struct task task = {work, context};
    pthread_t *const threads = calloc((size_t)count, sizeof(*threads));
    PS_ASSERT(threads != NULL);
    int64_t started = 0;
    while (started < count - 1 && pthread_create(&threads[started], NULL, run_task, &task) == 0) {
        started++;
    }
    work(context);
    for (int64_t thread = 0; thread < started; thread++) {
        const int answer = pthread_join(threads[thread], NULL);
        PS_ASSERT(answer == 0);
    }
    free(threads);
}
