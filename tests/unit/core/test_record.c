/*
 * One line in, one line out. Goal: every dialect becomes every family's line; what is accepted is
 * made again to the byte; what is broken is rejected with its code; nothing crashes on any bytes.
 * Method: rows of lines; then good lines of each dialect mutated at random, made and made again by
 * another maker; then all of JSONTestSuite inside a record.
 */
#include "core/record.h"

#include "base/limits.h"
#include "base/prng.h"
#include "codec/json_doc.h"
#include "codec/json_scan.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define INDEX INT64_C(1234567890)
#define HEAD "{\"recordId\":\"R1234567890\",\"modelInput\":"
#define VERSION "\"anthropic_version\":\"bedrock-2023-05-31\""

static const char *const models[PS_FAMILY_COUNT] = {
    [PS_FAMILY_ANTHROPIC] = "us.anthropic.claude-haiku-4-5-20251001-v1:0",
    [PS_FAMILY_NOVA] = "amazon.nova-lite-v1:0",
    [PS_FAMILY_LLAMA] = "us.meta.llama4-scout-17b-instruct-v1:0",
    [PS_FAMILY_MISTRAL] = "mistral.mistral-small-2402-v1:0",
    [PS_FAMILY_OPENAI] = "openai.gpt-oss-20b-1:0",
    [PS_FAMILY_TITAN_TEXT] = "amazon.titan-text-express-v1",
    [PS_FAMILY_TITAN_EMBED] = "amazon.titan-embed-text-v2:0",
    [PS_FAMILY_CONVERSE] = "amazon.nova-lite-v1:0",
};

static struct ps_record_rules rules_of(const enum ps_dialect dialect, const enum ps_family family)
{
    return (struct ps_record_rules){.dialect = dialect,
                                    .form = ps_body_form_of(ps_str_of(models[family]), family)};
}

static void assert_str(const struct ps_str seen, const char *const wanted)
{
    if (!ps_str_equals_text(seen, wanted)) {
        fail_msg("'%.*s' is not '%s'", PS_STR_ARGS(seen), wanted);
    }
}

/* ---- rows ---- */

struct line_row {
    enum ps_dialect dialect;
    const char *source;
    const char *id;
    const char *line; /* after the head; or the rejection's code with a '!' */
};

static const struct line_row line_rows[] = {
    {PS_DIALECT_BEDROCK,
     "{\"recordId\":\"a\",\"modelInput\":{" VERSION
     ",\"max_tokens\":7,\"messages\":[ 1 ]},\"x\":2}",
     "\"a\"", "{" VERSION ",\"max_tokens\":7,\"messages\":[1]}}\n"},
    {PS_DIALECT_BEDROCK, "{\"modelInput\":{\"max_tokens\":7,\"messages\":[]}}", "null",
     "{\"max_tokens\":7,\"messages\":[]," VERSION "}}\n"},
    {PS_DIALECT_BEDROCK,
     "{\"recordId\":9,\"modelInput\":{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":"
     "\"a\"}]}],"
     "\"inferenceConfig\":{\"maxTokens\":5}}}",
     "9", "{" VERSION ",\"max_tokens\":5,\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]}}\n"},
    {PS_DIALECT_BEDROCK, "{\"recordId\":\"a\",\"modelI\\u006eput\":{\"max_tokens\":1," VERSION "}}",
     "\"a\"", "{\"max_tokens\":1," VERSION "}}\n"},
    {PS_DIALECT_ANTHROPIC,
     "{\"custom_id\":\"c\",\"params\":{\"model\":\"claude\",\"max_tokens\":7,\"messages\":[]}}",
     "\"c\"", "{\"max_tokens\":7,\"messages\":[]," VERSION "}}\n"},
    {PS_DIALECT_OPENAI,
     "{\"custom_id\":\"o\",\"method\":\"POST\",\"url\":\"/"
     "v1\",\"body\":{\"model\":\"g\",\"max_tokens\":7,"
     "\"messages\":[{\"role\":\"system\",\"content\":\"s\"},{\"role\":\"user\",\"content\":\"a\"}]}"
     "}",
     "\"o\"",
     "{" VERSION
     ",\"max_tokens\":7,\"system\":\"s\",\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]}}\n"},
    {PS_DIALECT_SIMPLE, "{\"id\":1e999,\"prompt\":\"a\",\"max_tokens\":3}", "1e999",
     "{" VERSION ",\"max_tokens\":3,\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]}}\n"},
    {PS_DIALECT_SIMPLE, "{\"id\":\"\\u001b[2J\",\"prompt\":\"a\\u0000b\",\"max_tokens\":3}",
     "\"\\u001b[2J\"",
     "{" VERSION
     ",\"max_tokens\":3,\"messages\":[{\"role\":\"user\",\"content\":\"a\\u0000b\"}]}}\n"},
    {PS_DIALECT_TEXT, "a \"line\" \xE2\x80\xA8 of text", "null",
     "{" VERSION ",\"max_tokens\":4096,\"messages\":[{\"role\":\"user\",\"content\":"
     "\"a \\\"line\\\" \xE2\x80\xA8 of text\"}]}}\n"},
    {PS_DIALECT_JSONL, "{\"id\":7,\"prompt\":\"a\"}", "7",
     "{" VERSION ",\"max_tokens\":4096,\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]}}\n"},
    /* Rejected, each with its code. */
    {PS_DIALECT_BEDROCK, "{\"recordId\":\"a\"}", "\"a\"", "!missing_prompt"},
    {PS_DIALECT_BEDROCK, "{\"recordId\":\"a\",\"modelInput\":[1]}", "\"a\"", "!not_an_object"},
    {PS_DIALECT_BEDROCK, "{\"recordId\":\"a\",\"recordId\":\"a\",\"modelInput\":{}}", "null",
     "!duplicate_key"},
    {PS_DIALECT_BEDROCK, "{\"recordId\":\"a\",\"modelInput\":{},\"modelInput\":{}}", "null",
     "!duplicate_key"},
    {PS_DIALECT_BEDROCK, "{\"modelInput\":{\"messages\":[],\"messages\":[]}}", "null",
     "!duplicate_key"},
    {PS_DIALECT_BEDROCK, "{\"recordId\":{},\"modelInput\":{}}", "null", "!invalid_id"},
    {PS_DIALECT_BEDROCK, "[1]", "null", "!not_an_object"},
    {PS_DIALECT_BEDROCK, "{\"modelInput\":{}", "null", "!invalid_json"},
    {PS_DIALECT_BEDROCK, "{\"modelInput\":{}} x", "null", "!invalid_json"},
    {PS_DIALECT_BEDROCK, "{\"modelInput\":{\"a\":\"\xC0\xAF\"}}", "null", "!invalid_utf8"},
    {PS_DIALECT_BEDROCK, "{\"modelInput\":{\"a\":\"\\ud800\"}}", "null", "!invalid_json"},
    {PS_DIALECT_BEDROCK, "\xEF\xBB\xBF{\"modelInput\":{}}", "null", "!invalid_json"},
    {PS_DIALECT_BEDROCK,
     "{\"recordId\":\"a\",\"modelInput\":{\"schemaVersion\":\"messages-v1\","
     "\"messages\":[{\"role\":\"user\",\"content\":[{\"image\":{}}]}]}}",
     "\"a\"", "!not_convertible"},
    {PS_DIALECT_SIMPLE, "{\"id\":1,\"id\":1,\"prompt\":\"a\"}", "null", "!duplicate_key"},
    {PS_DIALECT_SIMPLE, "{\"id\":1,\"prompt\":\"a\",\"prompt\":\"a\"}", "1", "!duplicate_key"},
    {PS_DIALECT_SIMPLE, "{\"id\":1,\"prompt\":7}", "1", "!missing_prompt"},
    {PS_DIALECT_SIMPLE, "{\"id\":1}", "1", "!missing_prompt"},
    {PS_DIALECT_TEXT, "\xFF", "null", "!invalid_utf8"},
    {PS_DIALECT_JSONL, "{\"id\":7}", "7", "!missing_field"},
};

static void lines_become_what_is_sent(void **state)
{
    (void)state;
    for (size_t row = 0; row < sizeof(line_rows) / sizeof(line_rows[0]); row++) {
        const struct ps_record_rules rules = rules_of(line_rows[row].dialect, PS_FAMILY_ANTHROPIC);
        struct ps_record_maker *maker PS_CLEANUP(ps_record_maker_free_auto) =
            ps_record_maker_new(&rules);
        struct ps_record record;
        struct ps_buf seen PS_CLEANUP(ps_buf_release);
        struct ps_buf wanted PS_CLEANUP(ps_buf_release);
        ps_buf_init(&seen, PS_MB);
        ps_buf_init(&wanted, PS_MB);
        ps_record_make(maker, ps_str_of(line_rows[row].source), INDEX, &record);
        if (record.rejection.code == NULL) {
            ps_buf_add(&seen, record.line);
        } else {
            ps_buf_add_format(&seen, HEAD "!%s", record.rejection.code);
        }
        ps_buf_add_format(&wanted, HEAD "%s", line_rows[row].line);
        assert_string_equal(ps_buf_text(&seen), ps_buf_text(&wanted));
        assert_str(record.id, line_rows[row].id);
    }
}

static void a_line_nested_too_deep_is_refused_before_it_costs_stack(void **state)
{
    (void)state;
    const struct ps_record_rules rules = rules_of(PS_DIALECT_SIMPLE, PS_FAMILY_ANTHROPIC);
    struct ps_record_maker *maker PS_CLEANUP(ps_record_maker_free_auto) =
        ps_record_maker_new(&rules);
    struct ps_buf line PS_CLEANUP(ps_buf_release);
    struct ps_record record;
    ps_buf_init(&line, PS_MB);
    ps_buf_add_text(&line, "{\"prompt\":\"a\",\"z\":");
    for (int depth = 0; depth < 100000; depth++) {
        ps_buf_add_text(&line, "[");
    }
    for (int depth = 0; depth < 100000; depth++) {
        ps_buf_add_text(&line, "]");
    }
    ps_buf_add_text(&line, "}");
    ps_record_make(maker, ps_buf_str(&line), 0, &record);
    assert_string_equal(record.rejection.code, "too_deep");
}

/* ---- ids, kept fields, templates, CSV ---- */

static void fields_are_kept_as_written(void **state)
{
    (void)state;
    static const struct {
        enum ps_dialect dialect;
        const char *keep;
        const char *wanted;
    } rows[] = {
        {PS_DIALECT_SIMPLE, "", ""},
        {PS_DIALECT_SIMPLE, "b, a", "{\"a\":[1,{\"x\":1E5}],\"b\":\"\\u00e9\"}"},
        {PS_DIALECT_SIMPLE, "nothing", ""},
        {PS_DIALECT_SIMPLE, "all", "{\"a\":[1,{\"x\":1E5}],\"b\":\"\\u00e9\"}"},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        struct ps_record_rules rules = rules_of(rows[row].dialect, PS_FAMILY_ANTHROPIC);
        rules.keep = ps_str_of(rows[row].keep);
        struct ps_record_maker *maker PS_CLEANUP(ps_record_maker_free_auto) =
            ps_record_maker_new(&rules);
        struct ps_record record;
        ps_record_make(
            maker,
            PS_STR("{\"id\":1,\"a\":[1, {\"x\": 1E5}],\"prompt\":\"p\",\"b\" : \"\\u00e9\"}"), 0,
            &record);
        assert_null(record.rejection.code);
        assert_str(record.keep, rows[row].wanted);
    }
}

static struct ps_template *template_of(const char *const text)
{
    struct ps_template *template = NULL;
    struct ps_error err;
    assert_int_equal(ps_template_new(ps_str_of(text), &template, &err), PS_OK);
    return template;
}

static void templates_take_members_and_paths(void **state)
{
    (void)state;
    struct ps_template *template PS_CLEANUP(ps_template_free_auto) =
        template_of("{q}|{a.b}|{a}|{n}|{t}|{x.y}");
    struct ps_record_rules rules = rules_of(PS_DIALECT_JSONL, PS_FAMILY_TITAN_EMBED);
    rules.template = template;
    rules.id_field = PS_STR("key");
    struct ps_record_maker *maker PS_CLEANUP(ps_record_maker_free_auto) =
        ps_record_maker_new(&rules);
    struct ps_record record;
    const struct ps_str source =
        PS_STR("{\"key\":\"k\",\"q\":\"say \\\"hi\\\"\",\"a\":{\"b\": [1, 2.50]},"
               "\"n\":1e999,\"t\":true,\"x.y\":null}");
    ps_record_make(maker, source, INDEX, &record);
    assert_null(record.rejection.code);
    assert_str(record.id, "\"k\"");
    assert_str(record.line, HEAD
               "{\"inputText\":\"say \\\"hi\\\"|[1,2.50]|{\\\"b\\\":[1,2.50]}|1e999|true|\"}}\n");
    ps_record_make(
        maker, PS_STR("{\"key\":\"k\",\"q\":\"1\",\"q\":\"2\",\"a\":{\"b\":1},\"n\":1,\"t\":1}"), 0,
        &record);
    assert_string_equal(record.rejection.code, "duplicate_key");
    ps_record_make(maker, PS_STR("{\"key\":\"k\",\"q\":\"1\"}"), 0, &record);
    assert_string_equal(record.rejection.code, "missing_field");
    ps_record_make(maker, PS_STR("{\"q\":\"1\"}"), 0, &record);
    assert_string_equal(record.rejection.code, "missing_field");
}

static void csv_rows_go_through_a_template(void **state)
{
    (void)state;
    struct ps_template *template PS_CLEANUP(ps_template_free_auto) =
        template_of("{topic}: {the q}");
    struct ps_record_rules rules = rules_of(PS_DIALECT_CSV, PS_FAMILY_TITAN_EMBED);
    rules.template = template;
    rules.keep = PS_STR("all");
    struct ps_record_maker *maker PS_CLEANUP(ps_record_maker_free_auto) =
        ps_record_maker_new(&rules);
    struct ps_csv_row header PS_CLEANUP(ps_csv_row_release);
    struct ps_record record;
    ps_csv_row_init(&header);
    assert_true(ps_csv_row_read(&header, PS_STR("id,the q,topic")));
    ps_record_maker_columns(maker, &header);
    ps_record_make(maker, PS_STR("7,\"a \"\"b\"\"\nc\",t"), INDEX, &record);
    assert_null(record.rejection.code);
    assert_str(record.id, "\"7\"");
    assert_str(record.keep, "{\"the q\":\"a \\\"b\\\"\\nc\",\"topic\":\"t\"}");
    assert_str(record.line, HEAD "{\"inputText\":\"t: a \\\"b\\\"\\nc\"}}\n");
    ps_record_make(maker, PS_STR("7,a"), 0, &record);
    assert_string_equal(record.rejection.code, "invalid_csv");
    ps_record_make(maker, PS_STR("7,\"a\"b,c"), 0, &record);
    assert_string_equal(record.rejection.code, "invalid_csv");
    ps_record_make(maker, PS_STR("7,\xFF,c"), 0, &record);
    assert_string_equal(record.rejection.code, "invalid_utf8");
    rules.id_field = PS_STR("nothing");
    ps_record_make(maker, PS_STR("7,a,c"), 0, &record);
    assert_string_equal(record.rejection.code, "missing_field");
}

/* ---- what the user fills in, and limits ---- */

static void options_fill_only_what_the_input_leaves_out(void **state)
{
    (void)state;
    struct ps_record_rules rules = rules_of(PS_DIALECT_SIMPLE, PS_FAMILY_ANTHROPIC);
    rules.system = PS_STR("S");
    rules.max_tokens = 7;
    struct ps_record_maker *maker PS_CLEANUP(ps_record_maker_free_auto) =
        ps_record_maker_new(&rules);
    struct ps_record record;
    ps_record_make(maker, PS_STR("{\"prompt\":\"a\"}"), INDEX, &record);
    assert_str(record.line,
               HEAD "{" VERSION ",\"max_tokens\":7,\"system\":\"S\",\"messages\":[{\"role\":"
                    "\"user\",\"content\":\"a\"}]}}\n");
    assert_true(record.has_output_max);
    assert_int_equal(record.output_tokens_max, 7);
    ps_record_make(maker, PS_STR("{\"prompt\":\"a\",\"system\":\"T\",\"max_tokens\":8}"), INDEX,
                   &record);
    assert_str(record.line,
               HEAD "{" VERSION ",\"max_tokens\":8,\"system\":\"T\",\"messages\":[{\"role\":"
                    "\"user\",\"content\":\"a\"}]}}\n");
}

static void limits_reject_with_their_names(void **state)
{
    (void)state;
    static const struct {
        int64_t context;
        int64_t output;
        int64_t bytes;
        const char *code;
    } rows[] = {
        {0, 0, 0, NULL},
        {105, 0, 0, NULL},
        {104, 0, 0, "context_tokens"},
        {0, 100, 0, NULL},
        {0, 99, 0, "output_tokens"},
        {0, 0, 160, NULL},
        {0, 0, 159, "record_bytes"},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        struct ps_record_rules rules = rules_of(PS_DIALECT_SIMPLE, PS_FAMILY_ANTHROPIC);
        rules.context_tokens_max = rows[row].context;
        rules.output_tokens_max = rows[row].output;
        rules.record_bytes_max = rows[row].bytes;
        struct ps_record_maker *maker PS_CLEANUP(ps_record_maker_free_auto) =
            ps_record_maker_new(&rules);
        struct ps_record record;
        ps_record_make(maker, PS_STR("{\"prompt\":\"one two three four\",\"max_tokens\":100}"), 0,
                       &record);
        assert_int_equal(record.line.size, 160);
        assert_int_equal(record.input_tokens, 5);
        assert_int_equal(record.rejection.code == NULL, rows[row].code == NULL);
        assert_true(rows[row].code == NULL || strcmp(record.rejection.code, rows[row].code) == 0);
    }
}

static void a_default_never_passes_what_the_model_gives(void **state)
{
    (void)state;
    struct ps_record_rules rules = rules_of(PS_DIALECT_SIMPLE, PS_FAMILY_ANTHROPIC);
    rules.output_tokens_max = 1000;
    struct ps_record_maker *maker PS_CLEANUP(ps_record_maker_free_auto) =
        ps_record_maker_new(&rules);
    struct ps_record record;
    ps_record_make(maker, PS_STR("{\"prompt\":\"a\"}"), 0, &record);
    assert_null(record.rejection.code);
    assert_int_equal(record.output_tokens_max, 1000);
}

/* ---- equal or not ---- */

static void spellings_of_one_request_are_one(void **state)
{
    (void)state;
    static const struct {
        const char *left;
        const char *right;
        bool are_equal;
    } rows[] = {
        {"{\"modelInput\":{\"max_tokens\":5,\"messages\":[\"\\u00e9\"]}}",
         "{\"x\":1,\"modelInput\":{ \"messages\" : [ \"\xC3\xA9\" ], \"max_tokens\":5}}", true},
        {"{\"modelInput\":{\"max_tokens\":4096}}", "{\"modelInput\":{}}", true},
        {"{\"modelInput\":{\"model\":\"a\"}}", "{\"modelInput\":{\"stream\":true}}", true},
        {"{\"modelInput\":{\"max_tokens\":5}}", "{\"modelInput\":{\"max_tokens\":6}}", false},
        {"{\"modelInput\":{\"max_tokens\":5}}", "{\"modelInput\":{\"max_tokens\":5.0}}", false},
    };
    const struct ps_record_rules rules = rules_of(PS_DIALECT_BEDROCK, PS_FAMILY_ANTHROPIC);
    struct ps_record_maker *maker PS_CLEANUP(ps_record_maker_free_auto) =
        ps_record_maker_new(&rules);
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        struct ps_record left;
        struct ps_record right;
        struct ps_buf left_line PS_CLEANUP(ps_buf_release);
        ps_buf_init(&left_line, PS_MB);
        ps_record_make(maker, ps_str_of(rows[row].left), 1, &left);
        ps_buf_add(&left_line, left.line);
        ps_record_make(maker, ps_str_of(rows[row].right), 2, &right);
        const bool have_one_print = left.fingerprint.low == right.fingerprint.low &&
                                    left.fingerprint.high == right.fingerprint.high;
        assert_int_equal(have_one_print, rows[row].are_equal);
        struct ps_str again;
        assert_true(ps_record_remake(maker, ps_str_of(rows[row].right), 2, &again));
        assert_int_equal(ps_record_lines_equal(maker, ps_buf_str(&left_line), again),
                         rows[row].are_equal);
    }
}

/* ---- at random ---- */

static const char *const seeds[PS_DIALECT_COUNT][2] = {
    [PS_DIALECT_BEDROCK] =
        {"{\"recordId\": \"a\\u00e9\", \"modelInput\": {\"anthropic_version\": \"x\", "
         "\"max_tokens\": 10, "
         "\"messages\": [{\"role\": \"user\", \"content\": [{\"type\": \"text\", \"text\": "
         "\"h\\\"i\\n\"}]}], "
         "\"stream\": true, \"temperature\": 0.5}, \"meta\": {\"k\": [1, null]}}",
         "{\"modelInput\":{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"a\"}]}],"
         "\"inferenceConfig\":{\"topP\":0.5},\"system\":[{\"text\":\"b\"}]},\"recordId\":5}"},
    [PS_DIALECT_OPENAI] = {"{\"custom_id\":\"o\",\"method\":\"POST\",\"url\":\"/"
                           "v1\",\"body\":{\"model\":\"g\",\"messages\":[{"
                           "\"role\":\"system\",\"content\":\"s\"},{\"role\":\"user\",\"content\":"
                           "\"a\"}],\"stop\":[\"x\"]}}",
                           "{\"custom_id\":1,\"body\":{\"prompt\":\"a b\",\"max_tokens\":5}}"},
    [PS_DIALECT_ANTHROPIC] =
        {"{\"custom_id\":\"c\",\"params\":{\"model\":\"m\",\"max_tokens\":7,\"messages\":[{"
         "\"role\":\"user\","
         "\"content\":\"a\"}],\"top_k\":4}}",
         "{\"params\":{\"messages\":[{\"role\":\"user\",\"content\":\"\\ud83d\\ude00\"}]}}"},
    [PS_DIALECT_SIMPLE] =
        {"{\"id\": 7, \"prompt\": \"a \\\\ b\", \"system\": \"s\", \"extra\": [1, 2]}",
         "{\"id\":\"x\",\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]}"},
    [PS_DIALECT_TEXT] = {"a plain line, \xC3\xA9", "another \"one\" \\ here"},
    [PS_DIALECT_JSONL] = {"{\"id\":1,\"prompt\":\"a\",\"b\":{\"c\":[1,2]}}",
                          "{\"id\":\"2\",\"prompt\":17,\"b\":null}"},
    [PS_DIALECT_CSV] = {"1,\"a \"\"b\"\", c\",d", "2,plain,\"x\ny\""},
};

#define SPLICES "\"\\{}[],: \n01eE-.u"

static void mutate(struct ps_buf *const line, struct ps_prng *const prng)
{
    for (int64_t left = ps_prng_below(prng, 4); left > 0 && line->size > 1; left--) {
        const size_t place = (size_t)ps_prng_below(prng, (int64_t)line->size);
        switch (ps_prng_below(prng, 4)) {
        case 0:
            line->data[place] = SPLICES[ps_prng_below(prng, sizeof(SPLICES) - 1)];
            break;
        case 1:
            line->data[place] = (char)ps_prng_below(prng, 256);
            break;
        case 2:
            memmove(line->data + place, line->data + place + 1, line->size - place - 1);
            line->size--;
            break;
        default: {
            const struct ps_str piece = ps_str_part(ps_buf_str(line), place / 2, place);
            char *const copy = ps_str_dup(piece);
            ps_buf_add(line, (struct ps_str){copy, piece.size});
            free(copy);
            break;
        }
        }
    }
}

/* Everything that must hold of an accepted record. */
static void check_accepted(const struct ps_record *const record,
                           struct ps_record_maker *const other, const struct ps_str source,
                           struct ps_json_doc *const doc)
{
    struct ps_json_reason reason;
    struct ps_str again;
    assert_true(ps_record_remake(other, source, INDEX, &again));
    assert_true(ps_str_equals(again, record->line));
    assert_true(ps_str_starts_with(record->line, PS_STR(HEAD)));
    assert_true(ps_str_find(record->line, '\n') == record->line.size - 1);
    yyjson_val *const root = ps_json_doc_read(doc, record->line, &reason);
    assert_non_null(root);
    const struct ps_fingerprint print =
        ps_canonical_fingerprint(yyjson_obj_get(root, "modelInput"));
    assert_int_equal(print.low, record->fingerprint.low);
    assert_int_equal(print.high, record->fingerprint.high);
    assert_non_null(ps_json_doc_read(doc, record->id, &reason));
    assert_true(record->keep.size == 0 || ps_json_doc_read(doc, record->keep, &reason) != NULL);
    assert_true(record->input_tokens >= 0);
}

/* One dialect and family over many mutated lines; returns how many were accepted. */
static int try_many(const struct ps_record_rules *const rules, struct ps_prng *const prng,
                    const int rounds)
{
    struct ps_record_maker *maker PS_CLEANUP(ps_record_maker_free_auto) =
        ps_record_maker_new(rules);
    struct ps_record_maker *other PS_CLEANUP(ps_record_maker_free_auto) =
        ps_record_maker_new(rules);
    struct ps_json_doc doc PS_CLEANUP(ps_json_doc_release);
    struct ps_csv_row header PS_CLEANUP(ps_csv_row_release);
    ps_json_doc_init(&doc);
    ps_csv_row_init(&header);
    assert_true(ps_csv_row_read(&header, PS_STR("id,prompt,b")));
    ps_record_maker_columns(maker, &header);
    ps_record_maker_columns(other, &header);
    int accepted = 0;
    for (int round = 0; round < rounds; round++) {
        struct ps_buf line PS_CLEANUP(ps_buf_release);
        struct ps_record record;
        struct ps_str unused;
        ps_buf_init(&line, PS_MB);
        ps_buf_add(&line, ps_str_of(seeds[rules->dialect][round % 2]));
        mutate(&line, prng);
        ps_record_make(maker, ps_buf_str(&line), INDEX, &record);
        if (record.rejection.code == NULL) {
            check_accepted(&record, other, ps_buf_str(&line), &doc);
            accepted++;
        } else {
            /* Whatever the bytes are by now, making them again ends. */
            (void)!ps_record_remake(other, ps_buf_str(&line), INDEX, &unused);
            assert_non_null(ps_json_doc_read(&doc, record.id, &(struct ps_json_reason){0}));
        }
    }
    return accepted;
}

static void what_is_accepted_is_made_again_to_the_byte(void **state)
{
    (void)state;
    struct ps_template *template PS_CLEANUP(ps_template_free_auto) = template_of("<{prompt}{b}>");
    struct ps_prng prng;
    ps_prng_init(&prng, 20261124);
    for (int dialect = 0; dialect < PS_DIALECT_COUNT; dialect++) {
        for (int family = 0; family < PS_FAMILY_COUNT; family++) {
            struct ps_record_rules rules =
                rules_of((enum ps_dialect)dialect, (enum ps_family)family);
            const bool has_template = dialect == PS_DIALECT_JSONL || dialect == PS_DIALECT_CSV;
            int accepted = 0;
            for (int fill = 0; fill < 2; fill++) {
                rules.template = has_template ? template : NULL;
                rules.keep = fill == 0 ? PS_STR("") : PS_STR("all");
                rules.max_tokens = fill == 0 ? 0 : 33;
                rules.system = fill == 0 ? PS_STR("") : PS_STR("be \"brief\"");
                accepted += try_many(&rules, &prng, 1500);
            }
            assert_true(accepted > 200);
        }
    }
}

/* ---- JSONTestSuite, each file as a value inside a record ---- */

static const char *const accepted_of_suite[] = {
    "i_number_double_huge_neg_exp.json", "i_number_huge_exp.json",
    "i_number_neg_int_huge_exp.json",    "i_number_pos_double_huge_exp.json",
    "i_number_real_neg_overflow.json",   "i_number_real_pos_overflow.json",
    "i_number_real_underflow.json",      "i_number_too_big_neg_int.json",
    "i_number_too_big_pos_int.json",     "i_number_very_big_negative_int.json"};

static bool is_wanted(const char *const name)
{
    for (size_t row = 0; row < sizeof(accepted_of_suite) / sizeof(accepted_of_suite[0]); row++) {
        if (strcmp(name, accepted_of_suite[row]) == 0) {
            return true;
        }
    }
    return name[0] == 'y';
}

static void read_into(struct ps_buf *const to, const char *const folder, const char *const name)
{
    char path[1024];
    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *const file = fopen(path, "rb");
    assert_non_null(file);
    char *const room = ps_buf_reserve(to, PS_MB);
    ps_buf_commit(to, fread(room, 1, PS_MB, file));
    assert_int_equal(fclose(file), 0);
}

static void check_file(struct ps_record_maker *const maker, const char *const folder,
                       const char *const name)
{
    struct ps_buf line PS_CLEANUP(ps_buf_release);
    struct ps_buf value PS_CLEANUP(ps_buf_release);
    struct ps_buf compact PS_CLEANUP(ps_buf_release);
    struct ps_record record;
    ps_buf_init(&line, 4 * PS_MB);
    ps_buf_init(&value, 4 * PS_MB);
    ps_buf_init(&compact, 4 * PS_MB);
    read_into(&value, folder, name);
    ps_buf_add_text(&line, "{\"recordId\":\"x\",\"modelInput\":{\"max_tokens\":1,\"zz\":");
    ps_buf_add(&line, ps_buf_str(&value));
    ps_buf_add_text(&line, "}}");
    ps_record_make(maker, ps_buf_str(&line), INDEX, &record);
    if ((record.rejection.code == NULL) != is_wanted(name)) {
        fail_msg("'%s': %s", name,
                 record.rejection.code == NULL ? "accepted" : record.rejection.code);
    }
    if (record.rejection.code == NULL) {
        ps_buf_add_text(&compact, HEAD "{\"max_tokens\":1,\"zz\":");
        assert_true(ps_json_append_compact(&compact, ps_buf_str(&value)));
        ps_buf_add_text(&compact, "," VERSION "}}\n");
        assert_true(ps_str_equals(record.line, ps_buf_str(&compact)));
    }
}

static void every_file_of_the_suite_is_sent_as_written_or_rejected(void **state)
{
    (void)state;
    const char *const shared = getenv("PENSTOCK_SHARED");
    char folder[512];
    (void)snprintf(folder, sizeof(folder), "%s/data/json/test_parsing",
                   shared == NULL ? "../shared" : shared);
    DIR *const listing = opendir(folder);
    if (listing == NULL) {
        print_message("skipped: no JSONTestSuite at '%s' (set PENSTOCK_SHARED)\n", folder);
        skip();
    }
    const struct ps_record_rules rules = rules_of(PS_DIALECT_BEDROCK, PS_FAMILY_ANTHROPIC);
    struct ps_record_maker *maker PS_CLEANUP(ps_record_maker_free_auto) =
        ps_record_maker_new(&rules);
    int count = 0;
    for (const struct dirent *entry = readdir(listing); entry != NULL; entry = readdir(listing)) {
        if (entry->d_name[0] != '.') {
            check_file(maker, folder, entry->d_name);
            count++;
        }
    }
    assert_int_equal(closedir(listing), 0);
    assert_int_equal(count, 318);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_become_what_is_sent),
        cmocka_unit_test(a_line_nested_too_deep_is_refused_before_it_costs_stack),
        cmocka_unit_test(fields_are_kept_as_written),
        cmocka_unit_test(templates_take_members_and_paths),
        cmocka_unit_test(csv_rows_go_through_a_template),
        cmocka_unit_test(options_fill_only_what_the_input_leaves_out),
        cmocka_unit_test(limits_reject_with_their_names),
        cmocka_unit_test(a_default_never_passes_what_the_model_gives),
        cmocka_unit_test(spellings_of_one_request_are_one),
        cmocka_unit_test(what_is_accepted_is_made_again_to_the_byte),
        cmocka_unit_test(every_file_of_the_suite_is_sent_as_written_or_rejected),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
