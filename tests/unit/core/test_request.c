/* Goal: every form of a request is read to the same parts; what would be lost is refused with its
 * name. Method: rows of bodies and what they become, parts written as role:text. */
#include "core/request.h"

#include "base/limits.h"
#include "codec/json_doc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

struct read_row {
    const char *body;
    bool is_lenient;
    const char *
        wanted; /* "u1:text" a part, then its parameters; or the code of the rejection with a '!' */
};

#define USER(text) "{\"role\":\"user\",\"content\":" text "}"

static const struct read_row rows[] = {
    {"{\"prompt\":\"a\"}", false, "u1:a"},
    {"{\"inputText\":\"a\",\"textGenerationConfig\":{\"maxTokenCount\":5,\"topP\":0.5}}", false,
     "u1:a max=5 top_p=0.5"},
    {"{\"prompt\":\"a\",\"max_gen_len\":3,\"temperature\":0.10}", false,
     "u1:a max=3 temperature=0.10"},
    {"{\"system\":\"s\",\"messages\":[" USER("\"a\"") "]}", false, "s1:s u2:a"},
    {"{\"messages\":[" USER("[{\"type\":\"text\",\"text\":\"a\"},{\"text\":\"b\"},\"c\"]") "]}",
     false, "u1:a u1:b u1:c"},
    {"{\"messages\":[{\"role\":\"developer\",\"content\":\"s\"}," USER(
         "\"a\"") ",{\"role\":\"assistant\",\"content\":\"b\"}]}",
     false, "s1:s u2:a a3:b"},
    {"{\"messages\":[" USER(
         "[{\"text\":\"a\"}]") "],\"system\":[{\"text\":\"s\"},{\"text\":\"t\"}],"
                               "\"inferenceConfig\":{\"maxTokens\":9,\"temperature\":1,\"topK\":4,"
                               "\"stopSequences\":[\"x\",\"y\"]}}",
     false, "u1:a s2:s s2:t max=9 temperature=1 top_k=4 stop=x stop=y"},
    {"{\"prompt\":\"a\",\"stop\":\"x\",\"max_tokens\":null,\"n\":1}", false, "u1:a stop=x"},
    {"{\"prompt\":\"a\",\"model\":\"gpt\",\"user\":\"me\",\"stream\":false}", false,
     "u1:a dropped=3"},
    {"{\"prompt\":\"a\",\"tools\":[],\"thinking\":null}", false, "u1:a"},
    /* The simple dialect: what is no word of ours is a column of the user's. */
    {"{\"id\":1,\"prompt\":\"a\",\"input\":\"gold\",\"user\":7,\"tags\":[1]}", true, "u1:a"},
    {"{\"prompt\":\"a\",\"system\":\"s\",\"max_tokens\":4}", true, "u1:a s2:s max=4"},
    {"{\"id\":1,\"input\":\"a\"}", true, "!missing_prompt"},
    /* What cannot be. */
    {"{}", false, "!missing_prompt"},
    {"{\"prompt\":\"\"}", false, "!missing_prompt"},
    {"{\"prompt\":null}", false, "!missing_prompt"},
    {"{\"messages\":[]}", false, "!missing_prompt"},
    {"{\"messages\":\"a\"}", false, "!missing_prompt"},
    {"{\"messages\":[7]}", false, "!missing_prompt"},
    {"{\"messages\":[{\"role\":\"user\"}]}", false, "!missing_prompt"},
    {"{\"messages\":[{\"role\":\"system\",\"content\":\"s\"}]}", false, "!missing_prompt"},
    {"{\"prompt\":\"a\",\"messages\":[" USER("\"a\"") "]}", true, "!ambiguous_prompt"},
    {"{\"prompt\":\"a\",\"prompt\":\"a\"}", true, "!duplicate_key"},
    {"{\"prompt\":\"a\",\"max_tokens\":1,\"max_tokens\":2}", false, "!duplicate_key"},
    {"{\"prompt\":\"a\",\"max_tokens\":\"many\"}", false, "!not_convertible"},
    {"{\"prompt\":\"a\",\"stop\":[7]}", false, "!not_convertible"},
    {"{\"prompt\":\"a\",\"n\":2}", false, "!not_convertible"},
    {"{\"prompt\":\"a\",\"tools\":[{\"name\":\"t\"}]}", false, "!not_convertible"},
    {"{\"prompt\":\"a\",\"response_format\":{\"type\":\"json_object\"}}", false,
     "!not_convertible"},
    {"{\"messages\":[{\"role\":\"tool\",\"content\":\"a\"}]}", false, "!not_convertible"},
    {"{\"messages\":[{\"role\":\"assistant\",\"content\":\"a\",\"tool_calls\":[{}]}]}", false,
     "!not_convertible"},
    {"{\"messages\":[" USER("[{\"type\":\"image_url\",\"image_url\":{\"url\":\"x\"}}]") "]}", false,
     "!not_convertible"},
    {"{\"messages\":[" USER("[{\"image\":{}}]") "]}", false, "!not_convertible"},
    {"{\"messages\":[" USER("null") "]}", false, "!not_convertible"},
    {"{\"prompt\":\"a\",\"inferenceConfig\":{\"beams\":4}}", false, "!not_convertible"},
};

static void add_number(struct ps_buf *const to, const char *const name, const struct ps_str number)
{
    if (number.size > 0) {
        ps_buf_add_format(to, " %s=%.*s", name, PS_STR_ARGS(number));
    }
}

static void show(const struct ps_request *const request, struct ps_buf *const to)
{
    for (size_t index = 0; index < ps_request_part_count(request); index++) {
        const struct ps_request_part part = ps_request_part(request, index);
        ps_buf_add_format(to, "%s%c%zu:%.*s", index == 0 ? "" : " ", "sua"[part.role], part.message,
                          PS_STR_ARGS(part.text));
    }
    add_number(to, "max", request->max_tokens);
    add_number(to, "temperature", request->temperature);
    add_number(to, "top_p", request->top_p);
    add_number(to, "top_k", request->top_k);
    for (size_t index = 0; index < ps_request_stop_count(request); index++) {
        add_number(to, "stop", ps_request_stop(request, index));
    }
    if (request->dropped_fields > 0) {
        ps_buf_add_format(to, " dropped=%d", (int)request->dropped_fields);
    }
}

static void every_form_is_read_or_refused(void **state)
{
    (void)state;
    struct ps_json_doc doc PS_CLEANUP(ps_json_doc_release);
    struct ps_request request PS_CLEANUP(ps_request_release);
    struct ps_json_reason reason;
    ps_json_doc_init(&doc);
    ps_request_init(&request);
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        struct ps_buf seen PS_CLEANUP(ps_buf_release);
        struct ps_rejection rejection = {NULL, ""};
        ps_buf_init(&seen, PS_KB);
        yyjson_val *const body = ps_json_doc_read(&doc, ps_str_of(rows[row].body), &reason);
        assert_non_null(body);
        if (ps_request_read(&request, body, rows[row].is_lenient, &rejection)) {
            show(&request, &seen);
        } else {
            ps_buf_add_format(&seen, "!%s", rejection.code);
            assert_true(strlen(rejection.message) > 5);
        }
        assert_string_equal(ps_buf_text(&seen), rows[row].wanted);
    }
}

static void a_system_text_can_be_put_in_front(void **state)
{
    (void)state;
    struct ps_request request PS_CLEANUP(ps_request_release);
    struct ps_buf seen PS_CLEANUP(ps_buf_release);
    ps_request_init(&request);
    ps_buf_init(&seen, PS_KB);
    ps_request_add(&request, PS_ROLE_USER, true, PS_STR("a"));
    assert_false(ps_request_has_role(&request, PS_ROLE_SYSTEM));
    ps_request_add_system(&request, PS_STR("s"));
    assert_true(ps_request_has_role(&request, PS_ROLE_SYSTEM));
    show(&request, &seen);
    assert_string_equal(ps_buf_text(&seen), "s0:s u1:a");
}

static void names_in_messages_are_made_harmless(void **state)
{
    (void)state;
    struct ps_json_doc doc PS_CLEANUP(ps_json_doc_release);
    struct ps_request request PS_CLEANUP(ps_request_release);
    struct ps_rejection rejection = {NULL, ""};
    struct ps_json_reason reason;
    ps_json_doc_init(&doc);
    ps_request_init(&request);
    yyjson_val *const body = ps_json_doc_read(
        &doc,
        PS_STR("{\"prompt\":\"a\",\"\\u001b[2J\\u00e9 a key of more than forty bytes, cut\":1}"),
        &reason);
    assert_false(ps_request_read(&request, body, false, &rejection));
    assert_null(strchr(rejection.message, 0x1B));
    assert_non_null(strstr(rejection.message, "'?[2J?? a key of more than forty bytes, c'"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_form_is_read_or_refused),
        cmocka_unit_test(a_system_text_can_be_put_in_front),
        cmocka_unit_test(names_in_messages_are_made_harmless),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
