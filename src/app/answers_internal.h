/*
 * answers_internal - a segment as app/collect sees it, which takes back what a cut object said.
 */
#ifndef PS_APP_ANSWERS_INTERNAL_H
#define PS_APP_ANSWERS_INTERNAL_H

#include "app/answers.h"
#include "app/segment_file.h"

struct ps_segment {
    struct ps_answers *answers;
    struct ps_segment_file *file;
    char *name;
};

/* Where the answers stand; scratch files go there too. */
const char *ps_answers_folder(const struct ps_answers *answers);

#endif
