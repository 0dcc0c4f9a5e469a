/*
 * reading - a run opened for looking: index, answers, settings; beside a live owner too.
 *
 * Owner: the caller embeds it; ps_reading_release frees.
 */
#ifndef PS_CLI_READING_H
#define PS_CLI_READING_H

#include "app/answers.h"
#include "app/index.h"
#include "app/settings.h"

struct ps_reading {
    struct ps_settings settings;
    struct ps_index *index;
    struct ps_answers *answers;
};

void ps_reading_init(struct ps_reading *reading);
void ps_reading_release(struct ps_reading *reading);
PS_MUST_CHECK enum ps_status ps_reading_open(struct ps_reading *reading, const char *folder,
                                             struct ps_error *err);

#endif
