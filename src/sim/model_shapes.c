#include "sim/model_internal.h"

#include "base/prng.h"
#include "sim/event_fields.h"
#include "sim/writer.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define DIMENSIONS_MAX 4096

/* "msg_bdrk_" and the beginning of the digest in hex. */
static void write_id(struct ps_writer *const writer, const char *const prefix,
                     const struct ps_model_question *const question)
{
    char hex[2 * 12 + 1];
    char id[64];
    ps_hex_encode(question->digest, 12, hex);
    (void)snprintf(id, sizeof id, "%s%s", prefix, hex);
    ps_writer_text(writer, "id", ps_str_of(id));
}

static void write_anthropic(struct ps_writer *const writer,
                            const struct ps_model_question *const question,
                            const struct ps_model_said *const said)
{
    ps_writer_text(writer, "model", question->model);
    write_id(writer, "msg_bdrk_", question);
    ps_writer_text(writer, "type", PS_STR("message"));
    ps_writer_text(writer, "role", PS_STR("assistant"));
    ps_writer_open(writer, "content", '[');
    ps_writer_open(writer, NULL, '{');
    ps_writer_text(writer, "type", PS_STR("text"));
    ps_writer_text(writer, "text", ps_str_of(said->text));
    ps_writer_close(writer, '}');
    ps_writer_close(writer, ']');
    ps_writer_text(writer, "stop_reason", ps_str_of(said->is_cut ? "max_tokens" : "end_turn"));
    ps_writer_name(writer, "stop_sequence");
    ps_buf_add(writer->buf, PS_STR("null"));
    ps_writer_open(writer, "usage", '{');
    ps_writer_number(writer, "input_tokens", said->input_tokens);
    ps_writer_number(writer, "cache_creation_input_tokens", 0);
    ps_writer_number(writer, "cache_read_input_tokens", 0);
    ps_writer_number(writer, "output_tokens", said->output_tokens);
    ps_writer_close(writer, '}');
}

/* Nova, and Converse with every alternative of the union that is not there as null. */
static void write_message(struct ps_writer *const writer,
                          const struct ps_model_question *const question,
                          const struct ps_model_said *const said)
{
    static const char *const alternatives[] = {"image",      "document",        "video",
                                               "toolUse",    "toolResult",      "guardContent",
                                               "cachePoint", "reasoningContent"};
    const bool is_converse = question->family == PS_FAMILY_CONVERSE;
    ps_writer_open(writer, "output", '{');
    ps_writer_open(writer, "message", '{');
    ps_writer_open(writer, "content", '[');
    ps_writer_open(writer, NULL, '{');
    ps_writer_text(writer, "text", ps_str_of(said->text));
    for (size_t index = 0; is_converse && index < sizeof alternatives / sizeof alternatives[0];
         index++) {
        ps_writer_name(writer, alternatives[index]);
        ps_buf_add(writer->buf, PS_STR("null"));
    }
    ps_writer_close(writer, '}');
    ps_writer_close(writer, ']');
    ps_writer_text(writer, "role", PS_STR("assistant"));
    ps_writer_close(writer, '}');
    ps_writer_close(writer, '}');
    ps_writer_text(writer, "stopReason", ps_str_of(said->is_cut ? "max_tokens" : "end_turn"));
    ps_writer_open(writer, "usage", '{');
    ps_writer_number(writer, "inputTokens", said->input_tokens);
    ps_writer_number(writer, "outputTokens", said->output_tokens);
    ps_writer_number(writer, "totalTokens", said->input_tokens + said->output_tokens);
    ps_writer_number(writer, "cacheReadInputTokens", 0);
    ps_writer_number(writer, "cacheWriteInputTokens", 0);
    ps_writer_close(writer, '}');
    if (is_converse) {
        ps_writer_open(writer, "metrics", '{');
        ps_writer_number(writer, "latencyMs", 200 + question->digest[8]);
        ps_writer_close(writer, '}');
        ps_writer_name(writer, "trace");
        ps_buf_add(writer->buf, PS_STR("null"));
    }
}

static void write_llama(struct ps_writer *const writer,
                        const struct ps_model_question *const question,
                        const struct ps_model_said *const said)
{
    (void)question;
    ps_writer_text(writer, "generation", ps_str_of(said->text));
    ps_writer_number(writer, "prompt_token_count", said->input_tokens);
    ps_writer_number(writer, "generation_token_count", said->output_tokens);
    ps_writer_text(writer, "stop_reason", ps_str_of(said->is_cut ? "length" : "stop"));
}

static void write_chat(struct ps_writer *const writer,
                       const struct ps_model_question *const question,
                       const struct ps_model_said *const said)
{
    char text[PS_MODEL_TEXT_SIZE + 64];
    const bool has_reasoning = ps_str_starts_with(question->model, PS_STR("openai.gpt-oss"));
    (void)snprintf(text, sizeof text, "%s%s",
                   has_reasoning ? "<reasoning>No model reasons here.</reasoning>" : "",
                   said->text);
    write_id(writer, "chatcmpl-", question);
    ps_writer_text(writer, "object", PS_STR("chat.completion"));
    ps_writer_number(writer, "created", INT64_C(1760000000) + question->digest[9]);
    ps_writer_text(writer, "model", question->model);
    ps_writer_open(writer, "choices", '[');
    ps_writer_open(writer, NULL, '{');
    ps_writer_number(writer, "index", 0);
    ps_writer_open(writer, "message", '{');
    ps_writer_text(writer, "role", PS_STR("assistant"));
    ps_writer_text(writer, "content", ps_str_of(text));
    ps_writer_close(writer, '}');
    ps_writer_text(writer, "finish_reason", ps_str_of(said->is_cut ? "length" : "stop"));
    ps_writer_close(writer, '}');
    ps_writer_close(writer, ']');
    ps_writer_open(writer, "usage", '{');
    ps_writer_number(writer, "prompt_tokens", said->input_tokens);
    ps_writer_number(writer, "completion_tokens", said->output_tokens);
    ps_writer_number(writer, "total_tokens", said->input_tokens + said->output_tokens);
    ps_writer_close(writer, '}');
}

static void write_mistral(struct ps_writer *const writer,
                          const struct ps_model_question *const question,
                          const struct ps_model_said *const said)
{
    if (yyjson_obj_get(question->input, "prompt") == NULL) {
        write_chat(writer, question, said);
        return;
    }
    ps_writer_open(writer, "outputs", '[');
    ps_writer_open(writer, NULL, '{');
    ps_writer_text(writer, "text", ps_str_of(said->text));
    ps_writer_text(writer, "stop_reason", ps_str_of(said->is_cut ? "length" : "stop"));
    ps_writer_close(writer, '}');
    ps_writer_close(writer, ']');
}

static void write_titan_text(struct ps_writer *const writer,
                             const struct ps_model_question *const question,
                             const struct ps_model_said *const said)
{
    (void)question;
    ps_writer_number(writer, "inputTextTokenCount", said->input_tokens);
    ps_writer_open(writer, "results", '[');
    ps_writer_open(writer, NULL, '{');
    ps_writer_number(writer, "tokenCount", said->output_tokens);
    ps_writer_text(writer, "outputText", ps_str_of(said->text));
    ps_writer_text(writer, "completionReason", ps_str_of(said->is_cut ? "LENGTH" : "FINISH"));
    ps_writer_close(writer, '}');
    ps_writer_close(writer, ']');
}

static int64_t square_root(const int64_t value)
{
    int64_t low = 0;
    int64_t high = INT64_C(3037000499);
    while (low < high) {
        const int64_t middle = low + (high - low + 1) / 2;
        if (middle <= value / middle) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    return low;
}

/* A vector of length one, written with six decimals. */
static void write_embedding(struct ps_writer *const writer,
                            const struct ps_model_question *const question,
                            const struct ps_model_said *const said)
{
    yyjson_val *const config = yyjson_obj_get(question->input, "embeddingConfig");
    int64_t dimensions = ps_model_number(question->input, "dimensions", 1024);
    dimensions = ps_model_number(config, "outputEmbeddingLength", dimensions);
    dimensions = dimensions < 1 || dimensions > DIMENSIONS_MAX ? 1024 : dimensions;

    int64_t numbers[DIMENSIONS_MAX];
    int64_t squares = 1;
    uint64_t seed = 0;
    struct ps_prng prng;
    memcpy(&seed, question->digest, sizeof seed);
    ps_prng_init(&prng, seed);
    for (int64_t index = 0; index < dimensions; index++) {
        numbers[index] = ps_prng_below(&prng, 20001) - 10000;
        squares += numbers[index] * numbers[index];
    }
    const int64_t length = square_root(squares);
    ps_writer_open(writer, "embedding", '[');
    for (int64_t index = 0; index < dimensions; index++) {
        const int64_t micros = numbers[index] * 1000000 / length;
        ps_writer_name(writer, NULL);
        ps_buf_add_format(writer->buf, "%s0.%06" PRId64, micros < 0 ? "-" : "",
                          micros < 0 ? -micros : micros);
    }
    ps_writer_close(writer, ']');
    ps_writer_number(writer, "inputTextTokenCount", said->input_tokens);
}

void ps_model_shape(const struct ps_model_question *const question,
                    const struct ps_model_said *const said, struct ps_buf *const output)
{
    typedef void shape(struct ps_writer * writer, const struct ps_model_question *question,
                       const struct ps_model_said *said);
    static shape *const shapes[PS_FAMILY_COUNT] = {
        [PS_FAMILY_ANTHROPIC] = write_anthropic,   [PS_FAMILY_NOVA] = write_message,
        [PS_FAMILY_LLAMA] = write_llama,           [PS_FAMILY_MISTRAL] = write_mistral,
        [PS_FAMILY_OPENAI] = write_chat,           [PS_FAMILY_TITAN_TEXT] = write_titan_text,
        [PS_FAMILY_TITAN_EMBED] = write_embedding, [PS_FAMILY_CONVERSE] = write_message,
    };
    struct ps_writer writer = {.buf = output};
    ps_writer_open(&writer, NULL, '{');
    shapes[question->family](&writer, question, said);
    ps_writer_close(&writer, '}');
}
