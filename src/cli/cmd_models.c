#include "base/assert.h"
#include "base/limits.h"
#include "cli/commands.h"
#include "cli/help.h"
#include "cli/request.h"
#include "cli/say.h"
#include "codec/shown.h"
#include "codec/units.h"
#include "os/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yyjson.h>

#define COLUMNS 80
#define LABEL_WIDTH 10
#define USD_MICROS INT64_C(1000000)
#define NAME_SIZE_MAX 200

/* ------------------------------------------------ numbers */

/* "0.55", "17.5", "0.0175": dollars without needless zeros. */
static void add_usd(struct ps_buf *const buf, const int64_t usd_micros)
{
    char digits[8];
    (void)snprintf(digits, sizeof(digits), "%06lld", (long long)(usd_micros % USD_MICROS));
    size_t size = 6;
    while (size > 0 && digits[size - 1] == '0') {
        size--;
    }
    ps_buf_add_format(buf, "%lld%s%.*s", (long long)(usd_micros / USD_MICROS), size == 0 ? "" : ".",
                      (int)size, digits);
}

/* "200K", "1M", "131K"; "-" for what is not known. */
static void add_short(struct ps_buf *const buf, const int64_t count)
{
    if (count == 0) {
        ps_buf_add_text(buf, "-");
    } else if (count >= 1000000) {
        ps_buf_add_format(buf, "%lldM", (long long)(count / 1000000));
    } else {
        ps_buf_add_format(buf, "%lldK", (long long)(count / 1000));
    }
}

static int64_t count_regions(const struct ps_model *const model, const enum ps_reach reach)
{
    struct ps_str region = PS_STR("");
    int64_t count = 0;
    while (ps_models_region(model, reach, count, &region)) {
        count++;
    }
    return count;
}

/* ------------------------------------------------ the table */

/* "11", "p23", "11+p10", "no". */
static void add_where(struct ps_buf *const buf, const struct ps_model *const model)
{
    const int64_t own = count_regions(model, PS_REACH_REGION);
    const int64_t profile = count_regions(model, PS_REACH_PROFILE);
    if (own + profile == 0) {
        ps_buf_add_text(buf, model->takes_batch ? "?" : "no");
    } else if (profile == 0) {
        ps_buf_add_format(buf, "%lld", (long long)own);
    } else if (own == 0) {
        ps_buf_add_format(buf, "p%lld", (long long)profile);
    } else {
        ps_buf_add_format(buf, "%lld+p%lld", (long long)own, (long long)profile);
    }
}

static bool is_leaving(const struct ps_model *const model)
{
    return model->state == PS_MODEL_LEGACY || model->state == PS_MODEL_ENDED ||
           model->state == PS_MODEL_UNLISTED;
}

static void print_row(const struct ps_model *const model)
{
    struct ps_buf context PS_CLEANUP(ps_buf_release);
    struct ps_buf price PS_CLEANUP(ps_buf_release);
    struct ps_buf where PS_CLEANUP(ps_buf_release);
    struct ps_price micros;
    ps_buf_init(&context, PS_TEXT_BYTES_MAX);
    ps_buf_init(&price, PS_TEXT_BYTES_MAX);
    ps_buf_init(&where, PS_TEXT_BYTES_MAX);
    add_short(&context, model->context_tokens);
    add_where(&where, model);
    if (ps_models_price(model, model->id, PS_KIND_BATCH, &micros)) {
        add_usd(&price, micros.input_usd_micros);
        ps_buf_add_text(&price, "/");
        add_usd(&price, micros.output_usd_micros);
    } else {
        ps_buf_add_text(&price, "-");
    }
    printf("%-41.*s %-11.*s %5s %11s %s%s\n", PS_STR_ARGS(model->id),
           ps_str_print_size(model->family), model->family.size == 0 ? "" : model->family.data,
           ps_buf_text(&context), ps_buf_text(&price), ps_buf_text(&where),
           is_leaving(model) ? " *" : "");
}

static void print_head(void)
{
    printf("%-41s %-11s %5s %11s %s\n", "MODEL", "FAMILY", "CTX", "BATCH $/M", "REGIONS");
}

static void print_legend(void)
{
    printf("\nCTX: tokens of one record, input and output. BATCH $/M: dollars for a million\n"
           "tokens in/out, regional. REGIONS: in how many the model takes batch jobs\n"
           "under its own id; p: from how many through a profile (us., eu., ...). -: not\n"
           "known. *: near its end or past it. 'penstock models NAME' tells more.\n");
}

/* ------------------------------------------------ one model */

static void print_line(const char *const label, struct ps_buf *const text)
{
    struct ps_buf line PS_CLEANUP(ps_buf_release);
    ps_buf_init(&line, PS_MB);
    ps_buf_add_format(&line, "%-*s", LABEL_WIDTH, label);
    ps_help_add_wrapped(&line, ps_buf_text(text), LABEL_WIDTH, LABEL_WIDTH, COLUMNS);
    printf("%s", ps_buf_text(&line));
    ps_buf_clear(text);
}

static void add_origin(struct ps_buf *const text, const struct ps_models *const models,
                       const struct ps_model *const model, const char *const part)
{
    struct ps_origin origin;
    ps_models_part_origin(models, model, part, &origin);
    if (origin.text[0] != '\0') {
        ps_buf_add_format(text, " (%s, %s)", origin.text, origin.date);
    }
}

static void add_price(struct ps_buf *const text, const struct ps_model *const model,
                      const char *const prefix, const enum ps_lane_kind kind)
{
    struct ps_buf given PS_CLEANUP(ps_buf_release);
    struct ps_price price;
    ps_buf_init(&given, PS_TEXT_BYTES_MAX);
    ps_buf_add_text(&given, prefix);
    ps_buf_add(&given, model->id);
    if (!ps_models_price(model, ps_buf_str(&given), kind, &price)) {
        return;
    }
    ps_buf_add_format(text, "%s%s $", text->size == 0 ? "" : "; ",
                      kind == PS_KIND_BATCH ? "batch" : "on demand");
    add_usd(text, price.input_usd_micros);
    ps_buf_add_text(text, " in, $");
    add_usd(text, price.output_usd_micros);
    ps_buf_add_text(text, " out");
}

static void print_prices(const struct ps_models *const models, const struct ps_model *const model)
{
    struct ps_buf text PS_CLEANUP(ps_buf_release);
    struct ps_buf global PS_CLEANUP(ps_buf_release);
    ps_buf_init(&text, PS_MB);
    ps_buf_init(&global, PS_MB);
    add_price(&text, model, "", PS_KIND_BATCH);
    add_price(&text, model, "", PS_KIND_ON_DEMAND);
    add_price(&global, model, "global.", PS_KIND_BATCH);
    add_price(&global, model, "global.", PS_KIND_ON_DEMAND);
    if (text.size == 0) {
        ps_buf_add_text(&text, "not known");
        print_line("price", &text);
        return;
    }
    if (!ps_str_equals(ps_buf_str(&text), ps_buf_str(&global))) {
        ps_buf_add_format(&text, "; by a global profile %s", ps_buf_text(&global));
    }
    ps_buf_add_text(&text, "; for a million tokens");
    add_origin(&text, models, model, "prices");
    print_line("price", &text);
}

static void print_regions(const struct ps_models *const models, const struct ps_model *const model,
                          const enum ps_reach reach)
{
    struct ps_buf text PS_CLEANUP(ps_buf_release);
    struct ps_str region = PS_STR("");
    const int64_t count = count_regions(model, reach);
    ps_buf_init(&text, PS_MB);
    for (int64_t place = 0; ps_models_region(model, reach, place, &region); place++) {
        ps_buf_add_text(&text, place == 0 ? "" : ", ");
        ps_buf_add(&text, region);
    }
    if (count > 0) {
        printf("%-*s%s %lld Region%s:\n", LABEL_WIDTH, "batch",
               reach == PS_REACH_REGION ? "under its own id in" : "through a profile from",
               (long long)count, count == 1 ? "" : "s");
        print_line("", &text);
    } else if (!model->takes_batch && reach == PS_REACH_REGION) {
        ps_buf_add_text(&text, "none");
        add_origin(&text, models, model, "batch");
        print_line("batch", &text);
    }
}

static void print_model(const struct ps_models *const models, const struct ps_model *const model)
{
    struct ps_buf text PS_CLEANUP(ps_buf_release);
    ps_buf_init(&text, PS_MB);
    printf("%.*s\n", PS_STR_ARGS(model->name));
    ps_buf_add(&text, model->id);
    print_line("id", &text);
    if (model->family.size > 0) {
        ps_buf_add(&text, model->family);
        print_line("family", &text);
    }
    if (model->context_tokens > 0) {
        ps_units_add_count(&text, model->context_tokens);
        ps_buf_add_text(&text, " tokens a record");
        if (model->output_tokens > 0) {
            ps_buf_add_text(&text, ", at most ");
            ps_units_add_count(&text, model->output_tokens);
            ps_buf_add_text(&text, " of them output");
        }
        add_origin(&text, models, model, "context");
        print_line("context", &text);
    }
    print_prices(models, model);
    print_regions(models, model, PS_REACH_REGION);
    print_regions(models, model, PS_REACH_PROFILE);
    if (model->burndown > 1) {
        ps_buf_add_format(&text,
                          "on demand an output token counts %lld times against the token quotas",
                          (long long)model->burndown);
        print_line("quota", &text);
    }
    if (ps_models_life(model, ps_clock_real_wall_ms(), &text)) {
        add_origin(&text, models, model, "lifecycle");
        print_line("life", &text);
    }
    if (model->note.size > 0) {
        ps_shown_add(&text, model->note, NAME_SIZE_MAX);
        print_line("note", &text);
    }
}

/* ------------------------------------------------ as JSON */

static void add_count(yyjson_mut_doc *const document, yyjson_mut_val *const object,
                      const char *const name, const int64_t count)
{
    (void)yyjson_mut_obj_add_val(document, object, name,
                                 count > 0 ? yyjson_mut_sint(document, count)
                                           : yyjson_mut_null(document));
}

static void add_json_text(yyjson_mut_doc *const document, yyjson_mut_val *const object,
                          const char *const name, const struct ps_str text)
{
    (void)yyjson_mut_obj_add_val(document, object, name,
                                 text.size > 0 ? yyjson_mut_strncpy(document, text.data, text.size)
                                               : yyjson_mut_null(document));
}

static void add_json_regions(yyjson_mut_doc *const document, yyjson_mut_val *const object,
                             const char *const name, const struct ps_model *const model,
                             const enum ps_reach reach)
{
    yyjson_mut_val *const list = yyjson_mut_obj_add_arr(document, object, name);
    struct ps_str region = PS_STR("");
    for (int64_t place = 0; ps_models_region(model, reach, place, &region); place++) {
        (void)yyjson_mut_arr_add_strncpy(document, list, region.data, region.size);
    }
}

static yyjson_mut_val *json_model(yyjson_mut_doc *const document,
                                  const struct ps_model *const model)
{
    static const char *const states[] = {[PS_MODEL_ACTIVE] = "active",
                                         [PS_MODEL_LEGACY] = "legacy",
                                         [PS_MODEL_ENDED] = "ended",
                                         [PS_MODEL_UNLISTED] = "unlisted",
                                         [PS_MODEL_UNKNOWN] = "unknown"};
    yyjson_mut_val *const object = yyjson_mut_obj(document);
    add_json_text(document, object, "id", model->id);
    add_json_text(document, object, "name", model->name);
    add_json_text(document, object, "family", model->family);
    add_count(document, object, "context_tokens", model->context_tokens);
    add_count(document, object, "output_tokens", model->output_tokens);
    add_count(document, object, "burndown", model->burndown);
    (void)yyjson_mut_obj_add_bool(document, object, "takes_batch", model->takes_batch);
    (void)yyjson_mut_obj_add_str(document, object, "lifecycle", states[model->state]);
    add_json_text(document, object, "ends", model->ends);
    add_json_text(document, object, "note", model->note);
    add_json_regions(document, object, "regions", model, PS_REACH_REGION);
    add_json_regions(document, object, "profile_regions", model, PS_REACH_PROFILE);
    /* Prices as the file has them, with their source. */
    yyjson_mut_val *const prices =
        yyjson_val_mut_copy(document, yyjson_obj_get(model->row, "prices"));
    (void)yyjson_mut_obj_add_val(document, object, "prices_usd_micros",
                                 prices == NULL ? yyjson_mut_null(document) : prices);
    return object;
}

static void print_json(const struct ps_model *const *const shown, const int64_t count)
{
    yyjson_mut_doc *const document = yyjson_mut_doc_new(NULL);
    PS_ASSERT(document != NULL);
    yyjson_mut_val *const list = yyjson_mut_arr(document);
    yyjson_mut_doc_set_root(document, list);
    for (int64_t place = 0; place < count; place++) {
        (void)yyjson_mut_arr_add_val(list, json_model(document, shown[place]));
    }
    char *text PS_CLEANUP(ps_str_free_auto) = yyjson_mut_write(document, YYJSON_WRITE_PRETTY, NULL);
    yyjson_mut_doc_free(document);
    PS_ASSERT(text != NULL);
    printf("%s\n", text);
}

/* ------------------------------------------------ the command */

static bool holds_nocase(const struct ps_str text, const struct ps_str part)
{
    for (size_t from = 0; from + part.size <= text.size; from++) {
        if (ps_str_equals_nocase(ps_str_part(text, from, part.size), part)) {
            return true;
        }
    }
    return false;
}

/* The model of that id, else those whose id or name holds the word; how many. */
static int64_t choose(const struct ps_models *const models, const char *const word,
                      const struct ps_model **const ret_shown)
{
    const struct ps_str wanted = ps_str_of(word);
    const struct ps_model *const one = word == NULL ? NULL : ps_models_find(models, wanted);
    int64_t count = 0;
    if (one != NULL) {
        ret_shown[0] = one;
        return 1;
    }
    for (int64_t place = 0; place < ps_models_count(models); place++) {
        const struct ps_model *const model = ps_models_at(models, place);
        if (holds_nocase(model->id, wanted) || holds_nocase(model->name, wanted) ||
            ps_str_equals_nocase(model->family, wanted)) {
            ret_shown[count++] = model;
        }
    }
    return count;
}

static enum ps_status refuse(const struct ps_models *const models, const char *const word,
                             struct ps_error *const err)
{
    struct ps_lane lane;
    ps_lane_init(&lane, "");
    (void)snprintf(lane.model, sizeof(lane.model), "%s", word);
    return ps_models_check_lane(models, &lane, err);
}

int ps_cmd_models(const struct ps_options *const options)
{
    struct ps_models *models PS_CLEANUP(ps_models_free_auto) = NULL;
    struct ps_error err;
    const char *const word = options->argument_count > 0 ? options->arguments[0] : NULL;
    if (ps_request_models(options, &models, &err) != PS_OK) {
        return ps_say_error(&err);
    }
    const struct ps_model **const shown =
        calloc((size_t)ps_models_count(models) + 1, sizeof(*shown));
    PS_ASSERT(shown != NULL);
    const int64_t count = choose(models, word, shown);
    int status = PS_EXIT_OK;
    if (count == 0 && word != NULL && refuse(models, word, &err) != PS_OK) {
        status = ps_say_error(&err);
    } else if (options->is_json) {
        print_json(shown, count);
    } else if (word != NULL && count == 1) {
        print_model(models, shown[0]);
    } else {
        print_head();
        for (int64_t place = 0; place < count; place++) {
            print_row(shown[place]);
        }
        print_legend();
    }
    free(shown);
    return status;
}
