#include "base/assert.h"
#include "sim/rates_internal.h"

#include <stdlib.h>

int64_t ps_rates_flow_records_until(const struct ps_rates_flow *const flow, const int64_t micros)
{
    if (flow->tokens == 0 || micros >= whole_micros(flow)) {
        return flow->records;
    }
    int64_t record = scale(flow->records, micros, whole_micros(flow));
    /* Records begin at rounded places: it may be one further. */
    while (record < flow->records && record_micros(flow, record + 1) <= micros) {
        record++;
    }
    return record;
}

int64_t ps_rates_flow_records(const struct ps_rates_flow *const flow)
{
    return ps_rates_flow_records_until(flow, flow->done_micros);
}

int64_t ps_rates_flow_records_at(const struct ps_rates *const rates,
                                 const struct ps_rates_flow *const flow, const int64_t now_ms)
{
    PS_ASSERT(now_ms >= rates->now_ms);
    const int64_t moved = moved_micros(flow->speed_micros, now_ms - rates->now_ms);
    return ps_rates_flow_records_until(flow, flow->done_micros + least(moved, room_micros(flow)));
}

static void *grown(void *const rows, const size_t count, const size_t row_size)
{
    /* Rows double: the capacity is the next power of two. */
    if ((count & (count - 1)) != 0) {
        return rows;
    }
    void *const more = realloc(rows, (count == 0 ? 1 : 2 * count) * row_size);
    PS_ASSERT(more != NULL);
    return more;
}

void ps_rates_flow_close_stretch(struct ps_rates_flow *const flow)
{
    const int64_t end = ps_rates_flow_records(flow);
    const int64_t records = end - flow->stretch_first;
    if (records == 0 || flow->tried_micros == 0) {
        return; /* what was tried goes to the next one */
    }
    flow->stretches = grown(flow->stretches, flow->stretch_count, sizeof *flow->stretches);
    flow->stretches[flow->stretch_count++] = (struct ps_rates_stretch){
        flow->stretch_first, end, records - scale(records, flow->taken_micros, flow->tried_micros)};
    flow->stretch_first = end;
    flow->tried_micros = 0;
    flow->taken_micros = 0;
}

const struct ps_rates_stretch *ps_rates_flow_stretch(const struct ps_rates_flow *const flow,
                                                     const size_t place)
{
    return place < flow->stretch_count ? &flow->stretches[place] : NULL;
}

bool ps_rates_stretch_refuses(const struct ps_rates_stretch *const stretch, const int64_t record)
{
    PS_ASSERT(record >= stretch->first && record < stretch->end);
    const int64_t records = stretch->end - stretch->first;
    const int64_t place = record - stretch->first;
    return scale(place + 1, stretch->refused, records) > scale(place, stretch->refused, records);
}

void ps_rates_flow_note_point(struct ps_rates_flow *const flow, const int64_t at_ms)
{
    /* A record that goes back for another day takes its way with it. */
    while (flow->point_count > 1 &&
           flow->points[flow->point_count - 2].micros >= flow->done_micros) {
        flow->point_count--;
    }
    struct ps_rates_point *const last =
        flow->point_count > 1 ? &flow->points[flow->point_count - 1] : NULL;
    if (last != NULL && last->micros > flow->done_micros) {
        last->at_ms = last[-1].at_ms + scale(last->at_ms - last[-1].at_ms,
                                             flow->done_micros - last[-1].micros,
                                             last->micros - last[-1].micros);
        last->micros = flow->done_micros;
    }
    flow->points = grown(flow->points, flow->point_count, sizeof *flow->points);
    flow->points[flow->point_count++] = (struct ps_rates_point){at_ms, flow->done_micros};
}

int64_t ps_rates_flow_at_ms(const struct ps_rates_flow *const flow, const int64_t tokens)
{
    PS_ASSERT(flow->point_count > 0);
    const int64_t micros = least(tokens * PS_MICROS, flow->done_micros);
    size_t place = 0;
    size_t count = flow->point_count;
    while (count > 0) { /* the first point that has reached it */
        const size_t half = count / 2;
        if (flow->points[place + half].micros < micros) {
            place += half + 1;
            count -= half + 1;
        } else {
            count = half;
        }
    }
    PS_ASSERT(place < flow->point_count);
    const struct ps_rates_point *const point = &flow->points[place];
    if (place == 0 || point->micros == point[-1].micros) {
        return point->at_ms;
    }
    return point[-1].at_ms + scale(point->at_ms - point[-1].at_ms, micros - point[-1].micros,
                                   point->micros - point[-1].micros);
}

void ps_rates_flow_release(struct ps_rates_flow *const flow)
{
    free(flow->stretches);
    free(flow->points);
    flow->stretches = NULL;
    flow->points = NULL;
    flow->stretch_count = 0;
    flow->point_count = 0;
}
