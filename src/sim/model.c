#include "sim/model_internal.h"

#include "base/prng.h"
#include "sim/event_fields.h"

#include <stdio.h>
#include <string.h>

#define BYTES_PER_TOKEN 4
#define WORD_BYTES_MIN 4
#define WORD_BYTES_MAX 24
#define WORDS 3

/* How a family words its refusal of a body. */
enum refusal_style {
    STYLE_FIELDS,    /* "messages: Field required" */
    STYLE_MALFORMED, /* "Malformed input request: #: required key [prompt] not found, ..." */
    STYLE_OPEN       /* as STYLE_FIELDS, but unknown members are fine */
};

struct family_rules {
    enum refusal_style style;
    const char *required; /* names with a space behind each */
    const char *allowed;
};

static const struct family_rules rules[PS_FAMILY_COUNT] = {
    [PS_FAMILY_ANTHROPIC] =
        {STYLE_FIELDS, "anthropic_version max_tokens messages ",
         "anthropic_version anthropic_beta max_tokens messages system temperature "
         "top_p top_k stop_sequences tools tool_choice thinking metadata "
         "output_config output_format context_management "},
    [PS_FAMILY_NOVA] = {STYLE_MALFORMED, "messages ",
                        "schemaVersion system messages inferenceConfig toolConfig "
                        "additionalModelRequestFields "},
    [PS_FAMILY_LLAMA] = {STYLE_MALFORMED, "prompt ",
                         "prompt temperature top_p max_gen_len images "},
    [PS_FAMILY_MISTRAL] =
        {STYLE_MALFORMED, "",
         "prompt messages max_tokens temperature top_p top_k stop tools tool_choice "
         "n presence_penalty frequency_penalty response_format "},
    [PS_FAMILY_OPENAI] = {STYLE_OPEN, "messages ", ""},
    [PS_FAMILY_TITAN_TEXT] = {STYLE_MALFORMED, "inputText ", "inputText textGenerationConfig "},
    [PS_FAMILY_TITAN_EMBED] = {STYLE_MALFORMED, "",
                               "inputText inputImage dimensions normalize embeddingTypes "
                               "embeddingConfig "},
    [PS_FAMILY_CONVERSE] = {STYLE_FIELDS, "messages ",
                            "messages system inferenceConfig toolConfig guardrailConfig "
                            "additionalModelRequestFields promptVariables "
                            "additionalModelResponseFieldPaths performanceConfig outputConfig "},
};

/* Never allowed in a batch record, whatever the family. */
static const char never_allowed[] = "modelId serviceTier requestMetadata ";

static bool is_among(const struct ps_str name, const char *const names)
{
    struct ps_str rest = ps_str_of(names);
    while (rest.size > 0) {
        const size_t space = ps_str_find(rest, ' ');
        if (ps_str_equals(name, ps_str_part(rest, 0, space))) {
            return true;
        }
        rest = ps_str_part(rest, space + 1, rest.size);
    }
    return false;
}

/* `@` in the text stands for `name`. */
static bool refuse(struct ps_model_answer *const answer, const int64_t code,
                   const char *const format, const struct ps_str name)
{
    answer->error_code = code;
    const struct ps_str text = ps_str_of(format);
    const struct ps_str before = ps_str_part(text, 0, ps_str_find(text, '@'));
    const struct ps_str after = ps_str_part(text, before.size + 1, text.size);
    (void)snprintf(answer->error_message, sizeof answer->error_message, "%.*s%.*s%.*s",
                   PS_STR_ARGS(before), PS_STR_ARGS(ps_str_part(name, 0, 100)), PS_STR_ARGS(after));
    return false;
}

static bool has_required(const struct ps_model_question *const question,
                         struct ps_model_answer *const answer)
{
    const struct family_rules *const family = &rules[question->family];
    struct ps_str rest = ps_str_of(family->required);
    while (rest.size > 0) {
        const size_t space = ps_str_find(rest, ' ');
        const struct ps_str name = ps_str_part(rest, 0, space);
        rest = ps_str_part(rest, space + 1, rest.size);
        if (yyjson_obj_getn(question->input, name.data, name.size) == NULL) {
            return refuse(answer, 400,
                          family->style == STYLE_MALFORMED
                              ? "Malformed input request: #: required key [@] not found, please "
                                "reformat your input and try again."
                              : "@: Field required",
                          name);
        }
    }
    return true;
}

static bool has_allowed_only(const struct ps_model_question *const question,
                             struct ps_model_answer *const answer)
{
    const struct family_rules *const family = &rules[question->family];
    yyjson_obj_iter iterator = yyjson_obj_iter_with(question->input);
    for (yyjson_val *key = yyjson_obj_iter_next(&iterator); key != NULL;
         key = yyjson_obj_iter_next(&iterator)) {
        const struct ps_str name = {yyjson_get_str(key), yyjson_get_len(key)};
        const bool is_never =
            question->is_on_demand ? is_among(name, "modelId ") : is_among(name, never_allowed);
        const bool is_known = family->style == STYLE_OPEN || is_among(name, family->allowed) ||
                              (question->is_on_demand && question->family == PS_FAMILY_CONVERSE &&
                               is_among(name, never_allowed));
        if (!is_known || is_never) {
            return refuse(answer, 400,
                          family->style == STYLE_MALFORMED
                              ? "Malformed input request: #: extraneous key [@] is not permitted, "
                                "please reformat your input and try again."
                              : "@: Extra inputs are not permitted",
                          name);
        }
    }
    return true;
}

/* Whether a member named `name` is anywhere below `value`. */
static bool has_below(yyjson_val *const value, const char *const name)
{
    size_t index = 0;
    size_t count = 0;
    yyjson_val *key = NULL;
    yyjson_val *child = NULL;
    if (yyjson_is_obj(value)) {
        yyjson_obj_foreach(value, index, count, key, child)
        {
            if (yyjson_equals_str(key, name) || has_below(child, name)) {
                return true;
            }
        }
    } else if (yyjson_is_arr(value)) {
        yyjson_arr_foreach(value, index, count, child)
        {
            if (has_below(child, name)) {
                return true;
            }
        }
    }
    return false;
}

int64_t ps_model_number(yyjson_val *const object, const char *const name, const int64_t otherwise)
{
    yyjson_val *const value = yyjson_obj_get(object, name);
    int64_t number = 0;
    const struct ps_str text = {yyjson_get_raw(value), yyjson_get_len(value)};
    return yyjson_is_raw(value) && ps_str_to_i64(text, &number) ? number : otherwise;
}

/* The limit on the answer's tokens; 0: none given; -1: it is not a number above 0. */
static int64_t token_limit(const struct ps_model_question *const question)
{
    static const struct {
        const char *inside; /* NULL: at the top */
        const char *name;
    } places[] = {
        {NULL, "max_tokens"},
        {NULL, "max_completion_tokens"},
        {NULL, "max_gen_len"},
        {"inferenceConfig", "maxTokens"},
        {"inferenceConfig", "max_new_tokens"},
        {"textGenerationConfig", "maxTokenCount"},
    };
    for (size_t index = 0; index < sizeof places / sizeof places[0]; index++) {
        yyjson_val *const holder = places[index].inside == NULL
                                       ? question->input
                                       : yyjson_obj_get(question->input, places[index].inside);
        if (yyjson_obj_get(holder, places[index].name) != NULL) {
            const int64_t limit = ps_model_number(holder, places[index].name, -1);
            return limit > 0 ? limit : -1;
        }
    }
    return 0;
}

static bool is_body_right(const struct ps_model_question *const question,
                          struct ps_model_answer *const answer)
{
    if (!yyjson_is_obj(question->input)) {
        return refuse(answer, 400, "modelInput: Field required", PS_STR(""));
    }
    if (question->family == PS_FAMILY_CONVERSE && !question->is_on_demand) {
        if (yyjson_obj_get(question->input, "toolConfig") != NULL) {
            return refuse(answer, 400,
                          "Tool use is not supported for batch inference Converse requests.",
                          PS_STR(""));
        }
        if (has_below(question->input, "cachePoint")) {
            return refuse(answer, 400, "cachePoint: Extra inputs are not permitted", PS_STR(""));
        }
    }
    if (!has_required(question, answer) || !has_allowed_only(question, answer)) {
        return false;
    }
    yyjson_val *const messages = yyjson_obj_get(question->input, "messages");
    if (messages != NULL && (!yyjson_is_arr(messages) || yyjson_arr_size(messages) == 0)) {
        return refuse(answer, 400, "messages: at least one message is required", PS_STR(""));
    }
    if (question->family == PS_FAMILY_MISTRAL && messages == NULL &&
        yyjson_obj_get(question->input, "prompt") == NULL) {
        return refuse(answer, 400,
                      "Malformed input request: #: required key [@] not found, please reformat "
                      "your input and try again.",
                      PS_STR("prompt"));
    }
    if (token_limit(question) < 0) {
        return refuse(answer, 400, "max_tokens: Input should be greater than or equal to 1",
                      PS_STR(""));
    }
    return true;
}

static bool is_text_member(const struct ps_str name)
{
    return is_among(name, "text content prompt inputText system ");
}

/* Tokens of all text below `value`: a quarter of its bytes, each piece rounded up. */
static int64_t count_tokens(yyjson_val *const value, const bool is_text)
{
    int64_t tokens = 0;
    size_t index = 0;
    size_t count = 0;
    yyjson_val *key = NULL;
    yyjson_val *child = NULL;
    if (yyjson_is_str(value)) {
        return is_text ? (int64_t)((yyjson_get_len(value) + BYTES_PER_TOKEN - 1) / BYTES_PER_TOKEN)
                       : 0;
    }
    if (yyjson_is_obj(value)) {
        yyjson_obj_foreach(value, index, count, key, child)
        {
            const struct ps_str name = {yyjson_get_str(key), yyjson_get_len(key)};
            tokens += count_tokens(child, is_text_member(name));
        }
    } else if (yyjson_is_arr(value)) {
        yyjson_arr_foreach(value, index, count, child)
        {
            tokens += count_tokens(child, is_text);
        }
    }
    return tokens;
}

/* The text that the answer speaks about: the prompt, or the last message's first text. */
static struct ps_str find_topic(yyjson_val *const input)
{
    yyjson_val *topic = yyjson_obj_get(input, "prompt");
    if (topic == NULL) {
        topic = yyjson_obj_get(input, "inputText");
    }
    if (topic == NULL) {
        yyjson_val *const messages = yyjson_obj_get(input, "messages");
        topic = yyjson_obj_get(yyjson_arr_get_last(messages), "content");
        if (yyjson_is_arr(topic)) {
            topic = yyjson_obj_get(yyjson_arr_get_first(topic), "text");
        }
    }
    return (struct ps_str){yyjson_get_str(topic), yyjson_get_len(topic)};
}

static bool is_word_byte(const char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

static uint64_t seed_of(const uint8_t digest[const PS_SHA256_BYTES])
{
    uint64_t seed = 0;
    memcpy(&seed, digest, sizeof seed);
    return seed;
}

/* Up to WORDS different words of `topic`, drawn evenly by the digest. */
static size_t draw_words(const struct ps_str topic, const uint64_t seed,
                         struct ps_str ret_words[const WORDS])
{
    struct ps_prng prng;
    ps_prng_init(&prng, seed);
    int64_t seen = 0;
    for (size_t at = 0; at < topic.size;) {
        size_t size = 0;
        while (at + size < topic.size && is_word_byte(topic.data[at + size])) {
            size++;
        }
        const struct ps_str word = ps_str_part(topic, at, size);
        at += size + 1;
        bool is_new = size >= WORD_BYTES_MIN && size <= WORD_BYTES_MAX;
        for (int64_t index = 0; index < seen && index < WORDS; index++) {
            is_new = is_new && !ps_str_equals_nocase(word, ret_words[index]);
        }
        if (is_new) {
            const int64_t place = seen < WORDS ? seen : ps_prng_below(&prng, seen + 1);
            if (place < WORDS) {
                ret_words[place] = word;
            }
            seen++;
        }
    }
    return seen < WORDS ? (size_t)seen : WORDS;
}

static void say(const struct ps_model_question *const question, struct ps_model_said *const said)
{
    static const char line_separator[] = "\xe2\x80\xa8"; /* U+2028: an output line may hold one */
    struct ps_str words[WORDS] = {{"", 0}, {"", 0}, {"", 0}};
    const uint64_t seed = seed_of(question->digest);
    const size_t count = draw_words(find_topic(question->input), seed, words);
    char topic[WORDS * (WORD_BYTES_MAX + 8)] = "something without words";
    if (count == 1) {
        (void)snprintf(topic, sizeof topic, "'%.*s'", PS_STR_ARGS(words[0]));
    } else if (count == 2) {
        (void)snprintf(topic, sizeof topic, "'%.*s' and '%.*s'", PS_STR_ARGS(words[0]),
                       PS_STR_ARGS(words[1]));
    } else if (count == WORDS) {
        (void)snprintf(topic, sizeof topic, "'%.*s', '%.*s' and '%.*s'", PS_STR_ARGS(words[0]),
                       PS_STR_ARGS(words[1]), PS_STR_ARGS(words[2]));
    }
    (void)snprintf(said->text, sizeof said->text,
                   "You wrote about %s.%sThis is the emulator's own text, not a model's; its draw "
                   "for your prompt is %08x.",
                   topic, seed % 16 == 0 ? line_separator : " ", (unsigned)(seed >> 32));
}

static void cut_to(struct ps_model_said *const said, const int64_t limit)
{
    size_t size = strlen(said->text);
    said->output_tokens = (int64_t)((size + BYTES_PER_TOKEN - 1) / BYTES_PER_TOKEN);
    if (limit > 0 && said->output_tokens > limit) {
        said->is_cut = true;
        said->output_tokens = limit;
        size = (size_t)limit * BYTES_PER_TOKEN;
        while (size > 0 && ((unsigned char)said->text[size] & 0xc0) == 0x80) {
            size--;
        }
        said->text[size] = '\0';
    }
}

void ps_model_answer(const struct ps_model_question *const question, struct ps_buf *const output,
                     struct ps_model_answer *const ret_answer)
{
    memset(ret_answer, 0, sizeof *ret_answer);
    if (!is_body_right(question, ret_answer)) {
        return;
    }
    struct ps_model_said said;
    memset(&said, 0, sizeof said);
    said.input_tokens = count_tokens(question->input, false) + 1;
    if (question->family != PS_FAMILY_TITAN_EMBED) {
        say(question, &said);
        cut_to(&said, token_limit(question));
    }
    ps_model_shape(question, &said, output);
    ret_answer->input_tokens = said.input_tokens;
    ret_answer->output_tokens = said.output_tokens;
    ret_answer->output_tokens_max = token_limit(question);
    ret_answer->has_text = question->family != PS_FAMILY_TITAN_EMBED;
}

bool ps_model_family(const struct ps_str base_model, enum ps_family *const ret_family,
                     bool *const ret_is_batch)
{
    static const struct {
        const char *prefix; /* the first that fits counts */
        enum ps_family family;
        bool is_batch;
    } models[] = {
        {"anthropic.", PS_FAMILY_ANTHROPIC, true},
        {"amazon.nova", PS_FAMILY_NOVA, true},
        {"amazon.titan-text", PS_FAMILY_TITAN_TEXT, true},
        {"amazon.titan-embed", PS_FAMILY_TITAN_EMBED, true},
        {"meta.llama", PS_FAMILY_LLAMA, true},
        {"mistral.mistral-7b", PS_FAMILY_MISTRAL, true},
        {"mistral.mixtral", PS_FAMILY_MISTRAL, true},
        {"mistral.mistral-large-24", PS_FAMILY_MISTRAL, true},
        {"mistral.mistral-small-24", PS_FAMILY_MISTRAL, true},
        {"mistral.", PS_FAMILY_OPENAI, true},
        {"deepseek.r1", PS_FAMILY_OPENAI, false},
        {"deepseek.", PS_FAMILY_OPENAI, true},
        {"openai.", PS_FAMILY_OPENAI, true},
        {"qwen.", PS_FAMILY_OPENAI, true},
        {"google.", PS_FAMILY_OPENAI, true},
        {"minimax.", PS_FAMILY_OPENAI, true},
        {"moonshot", PS_FAMILY_OPENAI, true},
        {"nvidia.", PS_FAMILY_OPENAI, true},
        {"zai.", PS_FAMILY_OPENAI, true},
        {"cohere.", PS_FAMILY_OPENAI, false},
        {"ai21.", PS_FAMILY_OPENAI, false},
        {"writer.", PS_FAMILY_OPENAI, false},
    };
    for (size_t index = 0; index < sizeof models / sizeof models[0]; index++) {
        if (ps_str_starts_with(base_model, ps_str_of(models[index].prefix))) {
            *ret_family = models[index].family;
            *ret_is_batch = models[index].is_batch;
            return true;
        }
    }
    return false;
}
