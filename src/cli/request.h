/*
 * request - from options to a run's settings: model, lane and limits, where things go. Everything
 * that can be held against them without reading the input or asking the cloud is held here.
 *
 * Threads: one at a time.
 */
#ifndef PS_CLI_REQUEST_H
#define PS_CLI_REQUEST_H

#include "app/settings.h"
#include "cli/options.h"
#include "core/models.h"

/*
 * Fills `settings` (which the caller made and releases) from the options of `run` and `plan`.
 * PS_E_USAGE names all that is missing, or what cannot be used and what would do.
 */
PS_MUST_CHECK enum ps_status ps_request_settings(const struct ps_options *options,
                                                 struct ps_settings *settings,
                                                 struct ps_error *err);

/* What is known of models: of --models-file, or as built in. The caller frees it. PS_E_USAGE: the
 * file cannot be read. */
PS_MUST_CHECK enum ps_status ps_request_models(const struct ps_options *options,
                                               struct ps_models **ret_models, struct ps_error *err);

/*
 * One lane, which the caller has named (ps_lane_init): `text` as of --lane or NULL, then `model` as
 * of --model or NULL, then the profile of --limits and the model's own limits for what is left
 * out. PS_E_USAGE says what cannot be used: a key, a model that nobody knows (with near ones), a
 * Region where it takes no batch jobs (with those that do).
 */
PS_MUST_CHECK enum ps_status ps_request_lane(const struct ps_options *options, const char *text,
                                             const char *model, struct ps_lane *lane,
                                             struct ps_error *err);

/*
 * All lanes that the options name; *ret_lanes is heap, the caller's. Each --lane makes one, else
 * each --model, else there is one of no model. A --model beside one --lane goes over what that
 * says; beside several it is for those that name none. PS_E_USAGE: what cannot be used, or two
 * lanes of one name or of contradictory limits. Models near their end of life are said so on
 * stderr, each once.
 */
PS_MUST_CHECK enum ps_status ps_request_lanes(const struct ps_options *options,
                                              struct ps_lane **ret_lanes, int64_t *ret_lane_count,
                                              struct ps_error *err);

/* PS_E_USAGE where options contradict each other or an input has no name. */
PS_MUST_CHECK enum ps_status ps_request_check(const struct ps_options *options,
                                              struct ps_error *err);

/* PS_E_REFUSED: a cap of money, and a lane whose price is not known. */
PS_MUST_CHECK enum ps_status ps_request_check_money(const struct ps_settings *settings,
                                                    struct ps_error *err);

/* Of the lane's model. PS_E_USAGE where nobody here knows what its requests look like. */
PS_MUST_CHECK enum ps_status ps_request_family(const struct ps_lane *lane,
                                               enum ps_family *ret_family, struct ps_error *err);

#endif
