#include "core/family_rules.h"

#include "base/assert.h"
#include "codec/json_scan.h"

/*
 * Sources (reference: Amazon Bedrock User Guide, the pages model-parameters-* and
 * batch-inference-data, and what public users of batch inference report):
 *   - modelId, serviceTier and requestMetadata inside modelInput make a record fail with "Extra
 * inputs are not permitted"; batch does not stream.
 *   - Claude on Bedrock wants anthropic_version ("Field required") and max_tokens, and takes
 * neither `model` nor `stream`.
 *   - Defaults: Llama max_gen_len 512, Titan maxTokenCount 512, Mistral (7B) max_tokens 512. The
 * other families publish none that holds for all models: what stands here is only what a plan
 * reserves.
 */
#define REFUSED_BY_ALL "modelId", "serviceTier", "requestMetadata", "stream", "stream_options"

static const char *const refused_by_all[] = {REFUSED_BY_ALL, NULL};
static const char *const refused_by_anthropic[] = {REFUSED_BY_ALL, "model", NULL};

static const char *const anthropic_fields[] = {
    "anthropic_version", "max_tokens",     "messages", "system",
    "temperature",       "top_p",          "top_k",    "tools",
    "tool_choice",       "stop_sequences", "thinking", "anthropic_beta",
    "metadata",          "output_config",  NULL};
static const char *const nova_fields[] = {"schemaVersion",
                                          "system",
                                          "messages",
                                          "inferenceConfig",
                                          "toolConfig",
                                          "additionalModelRequestFields",
                                          NULL};
static const char *const llama_fields[] = {"prompt",      "temperature", "top_p",
                                           "max_gen_len", "images",      NULL};
static const char *const mistral_fields[] = {"prompt",      "max_tokens", "temperature", "top_p",
                                             "top_k",       "stop",       "messages",    "tools",
                                             "tool_choice", NULL};
static const char *const openai_fields[] = {"messages",
                                            "model",
                                            "max_completion_tokens",
                                            "max_tokens",
                                            "temperature",
                                            "top_p",
                                            "stop",
                                            "tools",
                                            "tool_choice",
                                            "response_format",
                                            "reasoning_effort",
                                            "presence_penalty",
                                            "frequency_penalty",
                                            "seed",
                                            "n",
                                            "logprobs",
                                            "top_logprobs",
                                            "logit_bias",
                                            "user",
                                            "parallel_tool_calls",
                                            NULL};
static const char *const titan_text_fields[] = {"inputText", "textGenerationConfig", NULL};
static const char *const titan_embed_fields[] = {
    "inputText",  "dimensions",      "normalize", "embeddingTypes",
    "inputImage", "embeddingConfig", NULL};
static const char *const converse_fields[] = {"system",
                                              "messages",
                                              "inferenceConfig",
                                              "toolConfig",
                                              "additionalModelRequestFields",
                                              "additionalModelResponseFieldPaths",
                                              "outputConfig",
                                              "promptVariables",
                                              "performanceConfig",
                                              NULL};

#define SHAPE(shape) (UINT32_C(1) << (shape))

static const struct ps_family_rules rules[PS_FAMILY_COUNT] = {
    [PS_FAMILY_ANTHROPIC] = {.name = "anthropic",
                             .own_shapes = SHAPE(PS_SHAPE_PLAIN) | SHAPE(PS_SHAPE_ANTHROPIC) |
                                           SHAPE(PS_SHAPE_CHAT),
                             .known = anthropic_fields,
                             .refused = refused_by_anthropic,
                             .output_max = {{NULL, "max_tokens"}},
                             .temperature = {NULL, "temperature"},
                             .fixed_key = "anthropic_version",
                             .fixed_value = "\"bedrock-2023-05-31\"",
                             .output_default_tokens = 4096,
                             .needs_output_max = true},
    [PS_FAMILY_NOVA] = {.name = "nova",
                        .own_shapes =
                            SHAPE(PS_SHAPE_PLAIN) | SHAPE(PS_SHAPE_NOVA) | SHAPE(PS_SHAPE_CHAT),
                        .known = nova_fields,
                        .refused = refused_by_all,
                        .output_max = {{"inferenceConfig", "maxTokens"},
                                       {"inferenceConfig", "max_new_tokens"}},
                        .temperature = {"inferenceConfig", "temperature"},
                        .output_default_tokens = 4096},
    [PS_FAMILY_LLAMA] = {.name = "llama",
                         .own_shapes = SHAPE(PS_SHAPE_PLAIN) | SHAPE(PS_SHAPE_PROMPT),
                         .known = llama_fields,
                         .refused = refused_by_all,
                         .output_max = {{NULL, "max_gen_len"}},
                         .temperature = {NULL, "temperature"},
                         .output_default_tokens = 512},
    [PS_FAMILY_MISTRAL] = {.name = "mistral",
                           .own_shapes = SHAPE(PS_SHAPE_PLAIN) | SHAPE(PS_SHAPE_PROMPT) |
                                         SHAPE(PS_SHAPE_CHAT),
                           .known = mistral_fields,
                           .refused = refused_by_all,
                           .output_max = {{NULL, "max_tokens"}},
                           .temperature = {NULL, "temperature"},
                           .output_default_tokens = 512},
    [PS_FAMILY_OPENAI] = {.name = "openai",
                          .own_shapes = SHAPE(PS_SHAPE_PLAIN) | SHAPE(PS_SHAPE_CHAT),
                          .known = openai_fields,
                          .refused = refused_by_all,
                          .output_max = {{NULL, "max_tokens"}, {NULL, "max_completion_tokens"}},
                          .temperature = {NULL, "temperature"},
                          .output_default_tokens = 4096},
    [PS_FAMILY_TITAN_TEXT] = {.name = "titan-text",
                              .own_shapes = SHAPE(PS_SHAPE_PLAIN) | SHAPE(PS_SHAPE_INPUT_TEXT),
                              .known = titan_text_fields,
                              .refused = refused_by_all,
                              .output_max = {{"textGenerationConfig", "maxTokenCount"}},
                              .temperature = {"textGenerationConfig", "temperature"},
                              .output_default_tokens = 512},
    [PS_FAMILY_TITAN_EMBED] = {.name = "titan-embed",
                               .own_shapes = SHAPE(PS_SHAPE_PLAIN) | SHAPE(PS_SHAPE_INPUT_TEXT),
                               .known = titan_embed_fields,
                               .refused = refused_by_all,
                               .temperature = {NULL, NULL},
                               .is_embedding = true},
    [PS_FAMILY_CONVERSE] = {.name = "converse",
                            .own_shapes =
                                SHAPE(PS_SHAPE_PLAIN) | SHAPE(PS_SHAPE_NOVA) | SHAPE(PS_SHAPE_CHAT),
                            .known = converse_fields,
                            .refused = refused_by_all,
                            .output_max = {{"inferenceConfig", "maxTokens"}},
                            .temperature = {"inferenceConfig", "temperature"},
                            .output_default_tokens = 4096},
};

const struct ps_family_rules *ps_family_rules(const enum ps_family family)
{
    PS_ASSERT(family < PS_FAMILY_COUNT);
    return &rules[family];
}

bool ps_family_lists(const char *const *const list, const struct ps_str key,
                     size_t *const ret_place)
{
    for (size_t place = 0; list[place] != NULL; place++) {
        if (ps_json_key_is(key, ps_str_of(list[place]))) {
            *ret_place = place;
            return true;
        }
    }
    return false;
}

struct shape_row {
    const char *key;
    enum ps_shape shape;
};

/* A later row outweighs an earlier one: a Nova body has messages too. */
static const struct shape_row shape_rows[] = {
    {"prompt", PS_SHAPE_PROMPT},        {"messages", PS_SHAPE_CHAT},
    {"inputText", PS_SHAPE_INPUT_TEXT}, {"inferenceConfig", PS_SHAPE_NOVA},
    {"schemaVersion", PS_SHAPE_NOVA},   {"anthropic_version", PS_SHAPE_ANTHROPIC},
};

/* How much a shape weighs: the last row that names it. */
static size_t weight_of(const enum ps_shape shape)
{
    size_t weight = 0;
    for (size_t row = 0; row < sizeof(shape_rows) / sizeof(shape_rows[0]); row++) {
        weight = shape_rows[row].shape == shape ? row + 1 : weight;
    }
    return weight;
}

enum ps_shape ps_shape_of_key(const struct ps_str key, const enum ps_shape so_far)
{
    for (size_t row = 0; row < sizeof(shape_rows) / sizeof(shape_rows[0]); row++) {
        if (ps_json_key_is(key, ps_str_of(shape_rows[row].key))) {
            return weight_of(shape_rows[row].shape) > weight_of(so_far) ? shape_rows[row].shape
                                                                        : so_far;
        }
    }
    return so_far;
}
