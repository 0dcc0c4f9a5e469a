/*
 * RFC 4180. Goal: records and fields as spreadsheets write them; wrong quotes are said. Method: a
 * table, each text cut at every place into two chunks.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "codec/csv.h"

#include <stdlib.h>
#include <string.h>

struct csv_row {
    const char *name;
    const char *text;
    const char
        *wanted; /* fields in brackets, records ended by ';'; '!' for one that cannot be read */
};

static const struct csv_row csv_rows[] = {
    {"plain", "a,b\nc,d\n", "[a][b];[c][d];"},
    {"CRLF, no last end", "a,b\r\nc,d", "[a][b];[c][d];"},
    {"empty fields", ",\n,a,\n", "[][];[][a][];"},
    {"a comma in quotes", "\"a,b\",c\n", "[a,b][c];"},
    {"line ends in quotes", "\"a\nb\r\nc\",d\ne,f\n", "[a\nb\r\nc][d];[e][f];"},
    {"doubled quotes", "\"say \"\"hi\"\"\",\"\"\"\"\n", "[say \"hi\"][\"];"},
    {"empty in quotes", "\"\",a\n", "[][a];"},
    {"a quote inside a plain field", "5\" pipe,b\n", "[5\" pipe][b];"},
    {"text after a closing quote", "\"a\"b,c\nd,e\n", "!;[d][e];"},
    {"a quote that is never closed", "a,\"b\nc,d\n", "!;"},
    {"white space is data", " a , \"b\"\n", "[ a ][ \"b\"];"},
};

static size_t add_records(struct ps_buf *const seen, const struct ps_str bytes, const bool is_last)
{
    struct ps_csv_row row PS_CLEANUP(ps_csv_row_release);
    ps_csv_row_init(&row);
    struct ps_line line;
    size_t from = 0;
    while (ps_csv_next(bytes, from, is_last, &line)) {
        from = line.next;
        if (!ps_csv_row_read(&row, ps_str_part(bytes, line.from, line.size))) {
            assert_int_equal(row.field_count, 0);
            ps_buf_add_text(seen, "!");
        }
        for (size_t field = 0; field < row.field_count; field++) {
            ps_buf_add_text(seen, "[");
            ps_buf_add(seen, ps_csv_row_field(&row, field));
            ps_buf_add_text(seen, "]");
        }
        ps_buf_add_text(seen, ";");
    }
    return from;
}

static void test_reads_as_rfc_4180(void **state)
{
    (void)state;
    for (size_t row = 0; row < sizeof(csv_rows) / sizeof(csv_rows[0]); row++) {
        const struct ps_str text = ps_str_of(csv_rows[row].text);
        for (size_t cut = 0; cut <= text.size; cut++) {
            struct ps_buf seen PS_CLEANUP(ps_buf_release);
            ps_buf_init(&seen, 1000);
            const size_t next = add_records(&seen, ps_str_part(text, 0, cut), false);
            (void)add_records(&seen, ps_str_part(text, next, text.size), true);
            assert_string_equal(ps_buf_text(&seen), csv_rows[row].wanted);
        }
    }
}

static void test_finds_a_column(void **state)
{
    (void)state;
    struct ps_csv_row row PS_CLEANUP(ps_csv_row_release);
    ps_csv_row_init(&row);
    size_t index = 9;
    assert_true(ps_csv_row_read(&row, PS_STR("id,\"the prompt\",id")));
    assert_true(ps_csv_row_find(&row, PS_STR("the prompt"), &index));
    assert_int_equal(index, 1);
    assert_true(ps_csv_row_find(&row, PS_STR("id"), &index));
    assert_int_equal(index, 0);
    assert_false(ps_csv_row_find(&row, PS_STR("ID"), &index));
}

static void test_a_row_of_nothing_but_commas_is_bounded(void **state)
{
    (void)state;
    struct ps_csv_row row PS_CLEANUP(ps_csv_row_release);
    ps_csv_row_init(&row);
    char *const commas = malloc(70000);
    assert_non_null(commas);
    memset(commas, ',', 70000);
    assert_true(ps_csv_row_read(&row, (struct ps_str){commas, 65535}));
    assert_int_equal(row.field_count, 65536);
    assert_false(ps_csv_row_read(&row, (struct ps_str){commas, 65536}));
    free(commas);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_as_rfc_4180),
        cmocka_unit_test(test_finds_a_column),
        cmocka_unit_test(test_a_row_of_nothing_but_commas_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
