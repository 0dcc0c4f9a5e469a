/* Goal: the lines of a body come out whole, one by one; and of a place, the files that count.
 * Method: odd ends. */
#include "sim/job_input.h"

#include "world_bench.h"

#include "base/limits.h"
#include "folder.h"
#include "sim/bodies.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* Lines in brackets, or the status that ended them in words. */
static void read_lines(const char *const text, const size_t size, struct ps_buf *const lines)
{
    char *const folder = test_folder_new();
    struct ps_body_file *file = NULL;
    struct ps_lines *reader PS_CLEANUP(ps_lines_auto) = NULL;
    struct ps_str line = {NULL, 0};
    assert_int_equal(ps_bodies_open(folder, NULL), PS_OK);
    assert_int_equal(ps_body_file_create(folder, 1, PS_CHECKSUM_NONE, &file, NULL), PS_OK);
    assert_int_equal(ps_body_file_write(file, (struct ps_str){text, size}, NULL), PS_OK);
    assert_int_equal(ps_lines_open(folder, 1, &reader, NULL), PS_OK);
    enum ps_status status = PS_OK;
    while (status == PS_OK) {
        status = ps_lines_next(reader, &line, NULL);
        if (status == PS_OK && line.size < 100) {
            ps_buf_add_format(lines, "[%.*s]", PS_STR_ARGS(line));
        } else if (status == PS_OK) {
            ps_buf_add_format(lines, "[%zu bytes]", line.size);
        }
    }
    ps_buf_add_text(lines, status == PS_E_NOT_FOUND ? "." : ps_status_name(status));
    (void)ps_body_file_free(file);
    test_folder_remove(folder);
    free(folder);
}

static void lines_end_at_newlines_alone(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *expected;
    } rows[] = {
        {"", "."},
        {"a", "[a]."},
        {"a\n", "[a]."},
        {"a\nb", "[a][b]."},
        {"a\n\nb\n", "[a][][b]."},
        {"\n", "[]."},
        {"a\r\nb", "[a\r][b]."},
        {"a\xe2\x80\xa8"
         "b\n",
         "[a\xe2\x80\xa8"
         "b]."},
    };
    for (size_t index = 0; index < sizeof rows / sizeof rows[0]; index++) {
        struct ps_buf lines PS_CLEANUP(ps_buf_release);
        ps_buf_init(&lines, 10000);
        read_lines(rows[index].text, strlen(rows[index].text), &lines);
        assert_string_equal(ps_buf_text(&lines), rows[index].expected);
    }
}

static void long_lines_come_whole_up_to_the_cap(void **state)
{
    (void)state;
    const size_t size = PS_INPUT_LINE_BYTES_MAX + 2000000;
    char *const text = malloc(size);
    assert_non_null(text);
    memset(text, 'x', size);
    text[1] = '\n';
    text[1000002] = '\n';
    struct ps_buf lines PS_CLEANUP(ps_buf_release);
    ps_buf_init(&lines, 10000);
    read_lines(text, size, &lines);
    assert_string_equal(ps_buf_text(&lines), "[x][1000000 bytes]too_large");
    free(text);
}

static void of_a_place_the_files_that_count(void **state)
{
    (void)state;
    static const char *const keys[] = {"p/a.jsonl",    "p/sub/deep/b.jsonl", "p/c.json",
                                       "p/c.jsonl.gz", "px/d.jsonl",         "p.jsonl"};
    static const struct {
        const char *path;
        size_t count;
        bool is_single;
        const char *prefix;
    } rows[] = {
        {"p", 2, false, "p/"},         {"p/", 2, false, "p/"}, {"p/a.jsonl", 1, true, ""},
        {"p/c.json", 1, true, ""},     {"", 4, false, ""},     {"q/", 0, false, "q/"},
        {"p/sub", 1, false, "p/sub/"},
    };
    struct bench bench PS_CLEANUP(bench_release);
    bench_init(&bench, NULL, NULL);
    for (size_t index = 0; index < sizeof keys / sizeof keys[0]; index++) {
        assert_true(bench_put(&bench, keys[index], "x"));
    }
    for (size_t index = 0; index < sizeof rows / sizeof rows[0]; index++) {
        struct ps_input_files files PS_CLEANUP(ps_input_files_release);
        char uri[256];
        (void)snprintf(uri, sizeof uri, "s3://%s/%s", bench.identity.bucket, rows[index].path);
        ps_input_files_find(bench.world, ps_str_of(uri), &files);
        assert_int_equal(files.count, rows[index].count);
        assert_int_equal(files.is_single, rows[index].is_single);
        assert_string_equal(files.prefix, rows[index].prefix);
        assert_string_equal(files.bucket_region, bench.identity.region);
    }
    struct ps_input_files files PS_CLEANUP(ps_input_files_release);
    ps_input_files_find(bench.world, PS_STR("s3://nobodys/p"), &files);
    assert_string_equal(files.bucket_region, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_end_at_newlines_alone),
        cmocka_unit_test(long_lines_come_whole_up_to_the_cap),
        cmocka_unit_test(of_a_place_the_files_that_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
