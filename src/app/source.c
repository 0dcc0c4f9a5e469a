#include "app/source.h"

#include "app/line_window.h"
#include "base/assert.h"
#include "base/buf.h"
#include "base/limits.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

struct ps_source {
    struct ps_source_facts facts;
    const struct ps_index *index;
    pthread_mutex_t text_lock; /* guards the window, which texts are read through */
    struct ps_line_window window;
};

static enum ps_status hold_pins(const struct ps_inputs *const inputs, struct ps_error *const err)
{
    for (int64_t input = 0; input < inputs->count; input++) {
        int descriptor = -1;
        if (ps_input_open(&inputs->items[input], &descriptor, err) != PS_OK) {
            return err->status;
        }
        (void)close(descriptor);
    }
    return PS_OK;
}

enum ps_status ps_source_open(const char *const folder, const struct ps_index *const index,
                              struct ps_source **const ret_source, struct ps_error *const err)
{
    struct ps_source *const source = calloc(1, sizeof(*source));
    PS_ASSERT(source != NULL);
    ps_source_facts_init(&source->facts);
    source->index = index;
    if (ps_source_facts_read(&source->facts, folder, err) != PS_OK ||
        hold_pins(&source->facts.inputs, err) != PS_OK) {
        ps_source_facts_release(&source->facts);
        free(source);
        return err->status;
    }
    const int answer = pthread_mutex_init(&source->text_lock, NULL);
    PS_ASSERT(answer == 0);
    ps_line_window_init(&source->window, &source->facts.inputs, 0);
    *ret_source = source;
    return PS_OK;
}

struct ps_source *ps_source_free(struct ps_source *const source)
{
    if (source != NULL) {
        ps_line_window_release(&source->window);
        (void)pthread_mutex_destroy(&source->text_lock);
        ps_source_facts_release(&source->facts);
        free(source);
    }
    return NULL;
}

const struct ps_source_facts *ps_source_facts(const struct ps_source *const source)
{
    return &source->facts;
}

const struct ps_index *ps_source_index(const struct ps_source *const source)
{
    return source->index;
}

enum ps_status ps_source_text(struct ps_source *const source, const int64_t record,
                              struct ps_buf *const buf, struct ps_error *const err)
{
    const struct ps_entry *const entry = ps_index_entry(source->index, record);
    struct ps_str text;
    int64_t input = 0;
    if (entry->length > PS_INPUT_LINE_BYTES_MAX) {
        return ps_error_set(err, PS_E_TOO_LARGE, PS_RETRY_NEVER,
                            "cannot copy record %lld: its line has more than %zu bytes",
                            (long long)record, PS_INPUT_LINE_BYTES_MAX);
    }
    int answer = pthread_mutex_lock(&source->text_lock);
    PS_ASSERT(answer == 0);
    enum ps_status status =
        ps_line_window_read(&source->window, entry->offset, entry->length, &text, &input, err);
    if (status == PS_OK && !ps_buf_append(buf, text)) {
        status = ps_error_set(err, PS_E_TOO_LARGE, PS_RETRY_NEVER,
                              "cannot copy record %lld: no room for %zu bytes", (long long)record,
                              text.size);
    }
    answer = pthread_mutex_unlock(&source->text_lock);
    PS_ASSERT(answer == 0);
    return status;
}

struct ps_str ps_source_header(const struct ps_source *const source, const int64_t input)
{
    PS_ASSERT(input >= 0);
    PS_ASSERT(input < source->facts.inputs.count);
    return ps_str_trim(ps_str_of(source->facts.inputs.items[input].header));
}
