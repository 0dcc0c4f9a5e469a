/* Goal: every non-blank line comes once, whole and numbered, wherever chunks end; a line over the
 * cap costs no memory. Method: files whose lines straddle chunks, read back and compared with the
 * text they were made of. */
#include "app/chunk_reader.h"

#include "base/limits.h"
#include "base/prng.h"
#include "folder.h"
#include "os/files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

struct files {
    char *folder;
    char *paths[3];
    struct ps_inputs inputs;
};

static void files_open(struct files *const files, const struct ps_str *const texts, const int count)
{
    static const char *const names[] = {"a", "b", "c"};
    const char *given[3];
    struct ps_error err;
    memset(files, 0, sizeof(*files));
    files->folder = test_folder_new();
    for (int file = 0; file < count; file++) {
        files->paths[file] = ps_files_join(files->folder, names[file]);
        given[file] = files->paths[file];
        test_file_write(files->folder, names[file], texts[file]);
    }
    assert_int_equal(ps_inputs_open(given, count, files->folder, &files->inputs, &err), PS_OK);
}

static void files_close(struct files *const files)
{
    ps_inputs_release(&files->inputs);
    for (int file = 0; file < 3; file++) {
        free(files->paths[file]);
    }
    test_folder_free_auto(&files->folder);
}

/* All lines: "input:number:offset text\n" each. */
static void read_all(const struct files *const files, const bool is_csv, struct ps_buf *const to,
                     struct ps_chunk_reader *const reader)
{
    struct ps_chunk chunk PS_CLEANUP(ps_chunk_release);
    struct ps_error err;
    bool is_end = false;
    int64_t index = 0;
    ps_chunk_init(&chunk);
    ps_chunk_reader_init(reader, &files->inputs, is_csv);
    while (!is_end) {
        assert_int_equal(ps_chunk_read(reader, &chunk, &is_end, &err), PS_OK);
        for (size_t place = 0; !is_end && place < ps_chunk_line_count(&chunk); place++) {
            const struct ps_chunk_line line = ps_chunk_line(&chunk, place);
            assert_int_equal(chunk.first_index, index - (int64_t)place);
            ps_buf_add_format(to, "%d:%d:%d ", (int)chunk.input, (int)line.number,
                              (int)line.offset);
            ps_buf_add(to,
                       line.is_too_long ? PS_STR("TOO LONG") : ps_chunk_line_text(&chunk, &line));
            ps_buf_add_text(to, "\n");
            index++;
        }
    }
    ps_chunk_reader_release(reader);
}

static void lines_are_whole_wherever_chunks_end(void **state)
{
    (void)state;
    struct ps_prng prng;
    ps_prng_init(&prng, 7);
    struct ps_buf text PS_CLEANUP(ps_buf_release);
    struct ps_buf wanted PS_CLEANUP(ps_buf_release);
    struct ps_buf seen PS_CLEANUP(ps_buf_release);
    ps_buf_init(&text, 64 * PS_MB);
    ps_buf_init(&wanted, 64 * PS_MB);
    ps_buf_init(&seen, 64 * PS_MB);
    int64_t blank = 0;
    for (int number = 1; text.size < 8 * PS_MB; number++) {
        const int64_t kind = ps_prng_below(&prng, 10);
        const int width =
            kind == 0 ? (int)ps_prng_below(&prng, 3000000) : (int)ps_prng_below(&prng, 50000);
        const size_t offset = text.size;
        if (kind == 1) {
            ps_buf_add_text(&text, "  \t\r\n");
            blank++;
            continue;
        }
        ps_buf_add_format(&text, "%0*d", width + 1, number);
        ps_buf_add_format(&wanted, "0:%d:%d %.*s\n", number, (int)offset, (int)(text.size - offset),
                          text.data + offset);
        ps_buf_add_text(&text, kind == 2 ? "\r\n" : "\n");
    }
    struct files files;
    struct ps_chunk_reader reader;
    const struct ps_str whole = ps_buf_str(&text);
    files_open(&files, &whole, 1);
    read_all(&files, false, &seen, &reader);
    assert_int_equal(seen.size, wanted.size);
    assert_memory_equal(seen.data, wanted.data, wanted.size);
    assert_int_equal(reader.blank_lines, blank);
    assert_int_equal(reader.source_bytes, whole.size);
    files_close(&files);
}

static void inputs_come_one_after_another(void **state)
{
    (void)state;
    const struct ps_str texts[] = {PS_STR("a\n\nb"), PS_STR(""), PS_STR("\xEF\xBB\xBFx\n\n")};
    struct ps_buf seen PS_CLEANUP(ps_buf_release);
    struct ps_chunk_reader reader;
    struct files files;
    ps_buf_init(&seen, PS_MB);
    files_open(&files, texts, 3);
    files.inputs.items[2].data_from = 3;
    read_all(&files, false, &seen, &reader);
    assert_string_equal(ps_buf_text(&seen), "0:1:0 a\n0:3:3 b\n2:1:7 x\n");
    assert_int_equal(reader.source_bytes, 10);
    files_close(&files);
}

static void a_csv_record_may_have_several_lines(void **state)
{
    (void)state;
    const struct ps_str texts[] = {PS_STR("h\n1,\"a\nb\"\n\n2,c\n3,\"open")};
    struct ps_buf seen PS_CLEANUP(ps_buf_release);
    struct ps_chunk_reader reader;
    struct files files;
    ps_buf_init(&seen, PS_MB);
    files_open(&files, texts, 1);
    files.inputs.items[0].data_from = 2;
    files.inputs.items[0].first_line = 2;
    read_all(&files, true, &seen, &reader);
    assert_string_equal(ps_buf_text(&seen), "0:2:2 1,\"a\nb\"\n0:5:11 2,c\n0:6:15 3,\"open\n");
    files_close(&files);
}

static void a_line_over_the_cap_costs_no_memory(void **state)
{
    (void)state;
    const size_t size = 3 * PS_INPUT_LINE_BYTES_MAX;
    char *const text = malloc(size);
    assert_non_null(text);
    memset(text, 'x', size);
    memcpy(text, "a\n", 2);
    memcpy(text + size - 2, "\nb", 2);
    const struct ps_str texts[] = {{text, size}};
    struct ps_buf seen PS_CLEANUP(ps_buf_release);
    struct ps_chunk_reader reader;
    struct ps_chunk chunk PS_CLEANUP(ps_chunk_release);
    struct files files;
    struct ps_error err;
    bool is_end = false;
    ps_buf_init(&seen, PS_MB);
    files_open(&files, texts, 1);
    read_all(&files, false, &seen, &reader);
    assert_string_equal(ps_buf_text(&seen), "0:1:0 a\n0:2:2 TOO LONG\n0:3:95999999 b\n");
    ps_chunk_init(&chunk);
    ps_chunk_reader_init(&reader, &files.inputs, false);
    while (!is_end) {
        assert_int_equal(ps_chunk_read(&reader, &chunk, &is_end, &err), PS_OK);
        assert_true(chunk.bytes.capacity < PS_INPUT_LINE_BYTES_MAX + 3 * PS_MB);
    }
    ps_chunk_reader_release(&reader);
    free(text);
    files_close(&files);
}

static void a_file_that_shrinks_is_said(void **state)
{
    (void)state;
    const struct ps_str texts[] = {PS_STR("a\nb\n")};
    struct ps_chunk_reader reader;
    struct ps_chunk chunk PS_CLEANUP(ps_chunk_release);
    struct files files;
    struct ps_error err;
    bool is_end = false;
    files_open(&files, texts, 1);
    files.inputs.items[0].size_bytes += 1;
    ps_chunk_init(&chunk);
    ps_chunk_reader_init(&reader, &files.inputs, false);
    assert_int_equal(ps_chunk_read(&reader, &chunk, &is_end, &err), PS_E_INPUT);
    assert_non_null(strstr(err.message, "changed while it was read"));
    ps_chunk_reader_release(&reader);
    files_close(&files);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_whole_wherever_chunks_end),
        cmocka_unit_test(inputs_come_one_after_another),
        cmocka_unit_test(a_csv_record_may_have_several_lines),
        cmocka_unit_test(a_line_over_the_cap_costs_no_memory),
        cmocka_unit_test(a_file_that_shrinks_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
