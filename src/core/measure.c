#include "core/measure.h"

#include "codec/json_doc.h"
#include "core/family_rules.h"
#include "core/tokens.h"

#include <string.h>

/* Members of a body that the model reads. Others are parameters. */
static const struct ps_str read_fields[] = {
    PS_STR_INIT("messages"),        PS_STR_INIT("system"), PS_STR_INIT("prompt"),
    PS_STR_INIT("inputText"),       PS_STR_INIT("tools"),  PS_STR_INIT("toolConfig"),
    PS_STR_INIT("images"),          PS_STR_INIT("input"),  PS_STR_INIT("inputImage"),
    PS_STR_INIT("response_format"), PS_STR_INIT("texts"),  {NULL, 0}};

/* Inside them: words of the form, not of the text. */
static const struct ps_str form_fields[] = {PS_STR_INIT("type"),
                                            PS_STR_INIT("role"),
                                            PS_STR_INIT("media_type"),
                                            PS_STR_INIT("format"),
                                            PS_STR_INIT("id"),
                                            PS_STR_INIT("cachePoint"),
                                            PS_STR_INIT("cache_control"),
                                            {NULL, 0}};

/* Base64 of a picture or document, or where one is. */
static const struct ps_str image_fields[] = {PS_STR_INIT("data"),
                                             PS_STR_INIT("bytes"),
                                             PS_STR_INIT("image_url"),
                                             PS_STR_INIT("s3Location"),
                                             PS_STR_INIT("inputImage"),
                                             PS_STR_INIT("images"),
                                             {NULL, 0}};

static bool is_listed(const struct ps_str *const list, const struct ps_str key)
{
    for (size_t row = 0; list[row].size > 0; row++) {
        if (key.size == list[row].size && memcmp(key.data, list[row].data, key.size) == 0) {
            return true;
        }
    }
    return false;
}

static void count_value(struct ps_token_counts *counts, yyjson_val *value);

static void count_object(struct ps_token_counts *const counts, yyjson_val *const object)
{
    yyjson_val *key;
    yyjson_val *value;
    size_t index;
    size_t count;
    yyjson_obj_foreach(object, index, count, key, value)
    {
        const struct ps_str name = ps_json_text(key);
        if (is_listed(image_fields, name)) {
            counts->images++;
        } else if (!yyjson_is_str(value) || !is_listed(form_fields, name)) {
            count_value(counts, value);
        }
    }
}

/* Recursion is bounded: the caller has checked the depth. */
static void count_value(struct ps_token_counts *const counts, yyjson_val *const value)
{
    if (yyjson_is_obj(value)) {
        count_object(counts, value);
        return;
    }
    if (yyjson_is_str(value)) {
        ps_tokens_count(counts, ps_json_text(value));
        return;
    }
    yyjson_val *item;
    size_t index;
    size_t count;
    yyjson_arr_foreach(value, index, count, item)
    {
        count_value(counts, item);
    }
}

static void count_body(struct ps_token_counts *const counts, yyjson_val *const body)
{
    yyjson_val *key;
    yyjson_val *value;
    size_t index;
    size_t count;
    yyjson_obj_foreach(body, index, count, key, value)
    {
        const struct ps_str name = ps_json_text(key);
        if (is_listed(image_fields, name)) {
            counts->images += yyjson_is_arr(value) ? (int64_t)yyjson_arr_size(value) : 1;
        } else if (is_listed(read_fields, name)) {
            count_value(counts, value);
        }
    }
}

static yyjson_val *at_path(yyjson_val *const body, const struct ps_field_path path)
{
    yyjson_val *const parent = path.parent == NULL ? body : yyjson_obj_get(body, path.parent);
    return path.key == NULL ? NULL : yyjson_obj_get(parent, path.key);
}

static int64_t output_max(yyjson_val *const body, const struct ps_family_rules *const rules)
{
    for (size_t row = 0; rules->output_max[row].key != NULL; row++) {
        int64_t tokens = 0;
        const struct ps_str text = ps_json_text(at_path(body, rules->output_max[row]));
        if (ps_str_to_i64(text, &tokens) && tokens > 0) {
            return tokens;
        }
    }
    return 0;
}

/* Of a number's text: a digit other than 0 before the exponent, and no minus. */
static bool is_above_zero(const struct ps_str number)
{
    for (size_t place = 0; place < number.size; place++) {
        const char byte = number.data[place];
        if (byte >= '1' && byte <= '9') {
            return true;
        }
        if (byte == '-' || byte == 'e' || byte == 'E') {
            return false;
        }
    }
    return false;
}

void ps_measure_body(yyjson_val *const body, const enum ps_family family,
                     struct ps_measure *const ret_measure)
{
    const struct ps_family_rules *const rules = ps_family_rules(family);
    struct ps_token_counts counts = {0};
    count_body(&counts, body);
    yyjson_val *const temperature = at_path(body, rules->temperature);
    ret_measure->input_tokens = ps_tokens_estimate(&counts, family);
    ret_measure->output_tokens_max = output_max(body, rules);
    ret_measure->is_warm = yyjson_is_raw(temperature) && is_above_zero(ps_json_text(temperature));
}
