/* Goal: aws-chunked comes apart wherever the pieces are cut. Method: one stream, cut at every
 * place. */
#include "emu/aws_chunked.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static bool sink(void *const context, const struct ps_str bytes)
{
    return ps_buf_append(context, bytes);
}

static const char stream[] = "5;chunk-signature=00ff\r\nhello\r\nA\r\n, world\r\n!\r\n0\r\n"
                             "x-amz-checksum-crc32c: AAAA==\r\n\r\n";

static void any_cut_gives_the_same(void **state)
{
    (void)state;
    for (size_t cut = 0; cut < sizeof stream; cut++) {
        struct ps_buf body PS_CLEANUP(ps_buf_release);
        ps_buf_init(&body, 1000);
        struct ps_chunked *const chunked = ps_chunked_new();
        const struct ps_str whole = PS_STR(stream);
        assert_true(ps_chunked_take(chunked, ps_str_part(whole, 0, cut), sink, &body));
        assert_int_equal(ps_chunked_is_whole(chunked), cut >= 49);
        assert_true(ps_chunked_take(chunked, ps_str_part(whole, cut, whole.size), sink, &body));
        assert_true(ps_chunked_is_whole(chunked));
        assert_string_equal(ps_buf_text(&body), "hello, world\r\n!");
        assert_true(ps_str_equals_text(ps_chunked_trailer(chunked, PS_STR("X-Amz-Checksum-CRC32C")),
                                       "AAAA=="));
        assert_int_equal(ps_chunked_trailer(chunked, PS_STR("other")).size, 0);
        (void)ps_chunked_free(chunked);
    }
}

static void what_is_not_chunked_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"hello\r\n",         "\r\n",        "-1\r\n", "1\r\nab\r\n",
                                      "fffffffffffff\r\n", "2\r\nabX\r\n"};
    for (size_t index = 0; index < sizeof bad / sizeof bad[0]; index++) {
        struct ps_buf body PS_CLEANUP(ps_buf_release);
        ps_buf_init(&body, 1000);
        struct ps_chunked *const chunked = ps_chunked_new();
        const bool is_taken = ps_chunked_take(chunked, ps_str_of(bad[index]), sink, &body);
        assert_false(is_taken && ps_chunked_is_whole(chunked));
        (void)ps_chunked_free(chunked);
    }
}

static void lines_and_trailers_have_caps(void **state)
{
    (void)state;
    struct ps_buf body PS_CLEANUP(ps_buf_release);
    ps_buf_init(&body, 1000);
    char line[5000];
    memset(line, 'a', sizeof line);
    struct ps_chunked *chunked = ps_chunked_new();
    assert_false(ps_chunked_take(chunked, (struct ps_str){line, sizeof line}, sink, &body));
    (void)ps_chunked_free(chunked);
    chunked = ps_chunked_new();
    assert_true(ps_chunked_take(chunked, PS_STR("0\r\n"), sink, &body));
    bool is_taken = true;
    for (int index = 0; index < 100 && is_taken; index++) {
        is_taken = ps_chunked_take(chunked, (struct ps_str){line, 1000}, sink, &body) &&
                   ps_chunked_take(chunked, PS_STR("\r\n"), sink, &body);
    }
    assert_false(is_taken);
    (void)ps_chunked_free(chunked);
}

static void a_sink_that_says_no_ends_it(void **state)
{
    (void)state;
    struct ps_buf body PS_CLEANUP(ps_buf_release);
    ps_buf_init(&body, 3);
    struct ps_chunked *const chunked = ps_chunked_new();
    assert_false(ps_chunked_take(chunked, PS_STR("5\r\nhello"), sink, &body));
    (void)ps_chunked_free(chunked);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_cut_gives_the_same),
        cmocka_unit_test(what_is_not_chunked_is_refused),
        cmocka_unit_test(lines_and_trailers_have_caps),
        cmocka_unit_test(a_sink_that_says_no_ends_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
