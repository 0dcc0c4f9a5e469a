/*
 * models - what is known of each model: what it holds and costs, where it takes batch jobs, its
 * quotas and how long it stays. Data, not code: data/models.json, or a file of that form.
 *
 * What the data does not say is not known, and then nothing is held against anybody. A model is
 * found by its id, by a profile id ("us.anthropic...") or by an ARN of either.
 *
 *     struct ps_models *models PS_CLEANUP(ps_models_free_auto) = ps_models_builtin();
 *     const struct ps_model *const model = ps_models_find(models, ps_str_of(lane->model));
 *     if (model == NULL) { ... ps_models_near ... }
 *
 * Owner: the caller frees the list; models and texts are views that live as long as it. Pure.
 * Threads: read-only once read.
 */
#ifndef PS_CORE_MODELS_H
#define PS_CORE_MODELS_H

#include "base/buf.h"
#include "core/lane.h"
#include "core/spending.h"

enum ps_model_state {
    PS_MODEL_ACTIVE,
    PS_MODEL_LEGACY,   /* to be retired; new accounts cannot use it */
    PS_MODEL_ENDED,    /* past its end of life */
    PS_MODEL_UNLISTED, /* no longer among AWS's model cards, the end of life is not known */
    PS_MODEL_UNKNOWN   /* not looked up */
};

/* How a model is called: by its own id in one Region, or by a profile over several. */
enum ps_reach { PS_REACH_REGION, PS_REACH_PROFILE, PS_REACH_GLOBAL };

struct ps_model {
    struct ps_str id;
    struct ps_str name;     /* as Service Quotas spells it */
    struct ps_str family;   /* "": Penstock does not write its bodies */
    int64_t context_tokens; /* input + output of one record; 0: not known, like the next two */
    int64_t output_tokens;
    int64_t burndown; /* what an output token counts on demand */
    bool takes_batch; /* anywhere */
    enum ps_model_state state;
    struct ps_str ends; /* "2027-03-30"; "": not announced */
    struct ps_str note; /* what else a user should know; "" */
    void *row;          /* the rest: for this module alone */
};

/* A quota as Service Quotas knows it. */
struct ps_quota {
    char name[192];
    char code[24]; /* "L-1F644C2A"; "": not known */
    bool is_adjustable;
};

enum ps_batch_answer { PS_BATCH_YES, PS_BATCH_NO, PS_BATCH_NOT_KNOWN };

struct ps_models;

/* Those that were built in. */
struct ps_models *ps_models_builtin(void);

/* Those of `text`, in the form of data/models.json. PS_E_USAGE says what is wrong with which model.
 */
PS_MUST_CHECK enum ps_status ps_models_read(struct ps_str text, struct ps_models **ret_models,
                                            struct ps_error *err);
struct ps_models *ps_models_free(struct ps_models *models);
void ps_models_free_auto(struct ps_models **models);

int64_t ps_models_count(const struct ps_models *models);
const struct ps_model *ps_models_at(const struct ps_models *models, int64_t place);

/* NULL: nobody here knows it. */
const struct ps_model *ps_models_find(const struct ps_models *models, struct ps_str given);

/* Models of a like name, the nearest first: how many were written to `ret_near`. */
#define PS_MODELS_NEAR_MAX 3
int64_t ps_models_near(const struct ps_models *models, struct ps_str given,
                       const struct ps_model *ret_near[PS_MODELS_NEAR_MAX]);

/*
 * The id by which batch jobs of `model` are created from `region`: its own, or that of a profile;
 * false (and its own id) where the data knows none.
 */
bool ps_models_batch_id(const struct ps_models *models, const struct ps_model *model,
                        struct ps_str region, struct ps_buf *to);

/* Does the service take batch jobs of the model as `given` from `region`? */
enum ps_batch_answer ps_models_batch(const struct ps_models *models, const struct ps_model *model,
                                     struct ps_str given, struct ps_str region);

/*
 * Can the lane be used? PS_E_USAGE: its model is unknown (the hint names near ones), or takes no
 * batch jobs there (the hint names the profile or the Regions that do). What is not known passes.
 */
PS_MUST_CHECK enum ps_status ps_models_check_lane(const struct ps_models *models,
                                                  const struct ps_lane *lane, struct ps_error *err);

/*
 * Limits of the lane that its model decides: context, output, job_bytes where it differs, and on
 * demand rps, tpm, tpd and burndown. They take the place of what profile "published" filled, and
 * lower what a "typical" one did; the user's own stay. Requests a minute become requests a second,
 * rounded down but at least 1 (a quota below 60 a minute is then exceeded by that much).
 */
void ps_models_fill(const struct ps_models *models, struct ps_lane *lane);

/* What `kind` of use costs through the id `given`. False: not known. */
PS_MUST_CHECK bool ps_models_price(const struct ps_model *model, struct ps_str given,
                                   enum ps_lane_kind kind, struct ps_price *ret_price);

/*
 * The quota behind a limit of the lane; false: there is none. Of a batch lane that has a rate or a
 * day's budget (typical, the user's) it is the one on demand: batch jobs have none of their own.
 */
PS_MUST_CHECK bool ps_models_quota(const struct ps_models *models, const struct ps_lane *lane,
                                   enum ps_limit_key key, struct ps_quota *ret_quota);

/* Where the model's own value of that limit is from; false: the model does not decide it. */
PS_MUST_CHECK bool ps_models_origin(const struct ps_models *models, const struct ps_lane *lane,
                                    enum ps_limit_key key, struct ps_origin *ret_origin);

/* Where a part of what is said of the model is from: "context", "prices", "batch", "lifecycle". */
void ps_models_part_origin(const struct ps_models *models, const struct ps_model *model,
                           const char *part, struct ps_origin *ret_origin);

/* Regions of batch jobs, in the data's order: by the model's own id, or from where a profile
 * works. `ret_region` of `place`; false behind the last. */
PS_MUST_CHECK bool ps_models_region(const struct ps_model *model, enum ps_reach reach,
                                    int64_t place, struct ps_str *ret_region);

/* A sentence about a model that is near its end of life, or past it, at `wall_ms`; false: there is
 * nothing to say. */
PS_MUST_CHECK bool ps_models_life(const struct ps_model *model, int64_t wall_ms, struct ps_buf *to);

enum ps_reach ps_models_reach(struct ps_str given);

#endif
