/*
 * forecast - a run in virtual time: the engine of `penstock run`, without store, files and sockets.
 *
 * Facts come from a world in virtual time, the engine's wishes go to it, and its local wishes are
 * done over a book of record ranges (app/forecast_book). Engine, cut and rules are those of a real
 * run, so the two cannot drift apart.
 *
 * Owner: the caller frees; the world stays the caller's, and asks back for what it would read from
 * bodies (ps_forecast_body) and tells what it would write into objects (ps_forecast_line). Threads:
 * one.
 *
 *     struct ps_forecast *forecast = ps_forecast_new(&options);
 *     ... make the world; its callbacks have `forecast` ...
 *     ps_forecast_run(forecast, world, &result);
 *     forecast = ps_forecast_free(forecast);
 */
#ifndef PS_APP_FORECAST_H
#define PS_APP_FORECAST_H

#include "app/forecast_book.h"
#include "core/engine.h"
#include "core/pool.h"
#include "port/world.h"

struct ps_forecast_options {
    const struct ps_lane *lanes; /* the caller keeps them, and the pools */
    int64_t lane_count;
    const struct ps_pools *pools;
    int64_t records;        /* to be sent */
    struct ps_entry record; /* what each of them is */
    int64_t poll_ms;
    uint64_t seed;
    struct ps_now (*now)(void *context); /* the world's clock */
    void *context;
};

struct ps_forecast_result {
    enum ps_phase phase;   /* ENDED, unless a person would have to look */
    struct ps_error error; /* where it is not ENDED */
    int64_t makespan_ms;   /* from the first turn to the last */
    int64_t jobs;          /* that were created */
    int64_t violations;    /* invariants that do not hold: a record lost, ended twice, a job left */
    struct ps_book_counts records;
};

struct ps_forecast;
struct ps_forecast *ps_forecast_new(const struct ps_forecast_options *options);
struct ps_forecast *ps_forecast_free(struct ps_forecast *forecast);

/* Runs to its end, or until nothing more can happen. */
void ps_forecast_run(struct ps_forecast *forecast, struct ps_world world,
                     struct ps_forecast_result *ret_result);

/* The engine, for who wants to see its jobs: lane, start, end. It lives as long as the forecast. */
const struct ps_engine *ps_forecast_engine(const struct ps_forecast *forecast);

/* The body of a PUT_SHARD: its records, in order; returns its bytes. */
int64_t ps_forecast_body(const struct ps_forecast *forecast, const struct ps_wish *wish,
                         void (*see)(void *seer, int64_t first, int64_t end), void *seer);

/* A GET_OBJECT read these records: 0 for a success, else the error's code. Or it read a manifest,
 * with the tokens that successes used. */
void ps_forecast_line(struct ps_forecast *forecast, const struct ps_wish *wish, int64_t first,
                      int64_t end, int64_t error_code);
void ps_forecast_manifest(struct ps_forecast *forecast, const struct ps_wish *wish, int64_t counted,
                          int64_t input_tokens, int64_t output_tokens);

/* The middle of many makespans, and where the next one ends with a chance of nine in ten: of 21 the
 * outermost, since between the places 2 and 20 only 18 of 22 would. */
struct ps_forecast_band {
    int64_t median_ms;
    int64_t low_ms;
    int64_t high_ms;
};

/* Puts `makespans_ms` in order. `count` > 0. */
void ps_forecast_band_of(int64_t *makespans_ms, int64_t count, struct ps_forecast_band *ret_band);

#endif
