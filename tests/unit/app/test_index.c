/*
 * The index as a whole. Goal: every non-blank line becomes one entry, in order, whatever file,
 * packing and number of threads it comes by; broken ones are rejected with their line; what cannot
 * be used at all is refused, and a failure leaves nothing. Method: files in a folder of the test's
 * own, read back through ps_index_open.
 */
#include "app/index.h"

#include "base/limits.h"
#include "folder.h"
#include "index_scene.h"
#include "os/files.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

static void a_simple_file_becomes_entries_ids_and_bodies(void **state)
{
    (void)state;
    struct scene scene;
    scene_init(&scene);
    scene_add(&scene, "in.jsonl",
              PS_STR("\xEF\xBB\xBF{\"id\":\"a\",\"prompt\":\"Say hi.\"}\n\n"
                     "{\"id\": 7 , \"prompt\":\"Say ho.\", \"max_tokens\":10}\r\n  \n"
                     "{\"prompt\":\"No id\"}"));
    scene_build(&scene);
    assert_int_equal(scene.summary.records, 3);
    assert_int_equal(scene.summary.blank_lines, 2);
    assert_int_equal(scene.summary.sent, 3);
    assert_string_equal(scene.summary.dialect, "simple");
    assert_str(scene_words(&scene, 0).id, "\"a\"");
    assert_str(scene_words(&scene, 1).id, "7");
    assert_str(scene_words(&scene, 2).id, "null");
    assert_int_equal(scene_words(&scene, 2).line, 5);
    assert_int_equal(ps_index_entry(scene.index, 0)->offset, 3);
    assert_int_equal(ps_index_entry(scene.index, 1)->output_tokens_max, 10);
    assert_int_equal(ps_index_entry(scene.index, 1)->flags, PS_ENTRY_HAS_MAX);
    assert_string_equal(ps_index_input_name(scene.index, 0), scene.inputs[0]);
    struct ps_buf bodies PS_CLEANUP(ps_buf_release);
    ps_buf_init(&bodies, SCENE_BYTES_MAX);
    scene_read_all(&scene, &bodies);
    assert_string_equal(
        ps_buf_text(&bodies),
        "{\"recordId\":\"R0000000000\",\"modelInput\":{\"anthropic_version\":\"bedrock-2023-05-"
        "31\","
        "\"max_tokens\":4096,\"messages\":[{\"role\":\"user\",\"content\":\"Say hi.\"}]}}\n"
        "{\"recordId\":\"R0000000001\",\"modelInput\":{\"anthropic_version\":\"bedrock-2023-05-"
        "31\","
        "\"max_tokens\":10,\"messages\":[{\"role\":\"user\",\"content\":\"Say ho.\"}]}}\n"
        "{\"recordId\":\"R0000000002\",\"modelInput\":{\"anthropic_version\":\"bedrock-2023-05-"
        "31\","
        "\"max_tokens\":4096,\"messages\":[{\"role\":\"user\",\"content\":\"No id\"}]}}\n");
    scene_release(&scene);
}

static void a_broken_line_is_rejected_and_the_rest_go_on(void **state)
{
    (void)state;
    struct scene scene;
    scene_init(&scene);
    scene_add(&scene, "in.jsonl",
              PS_STR("{\"id\":1,\"prompt\":\"x\"}\n{\"id\":2,\"prompt\n[1]\n{\"id\":4}\n"
                     "{\"id\":5,\"id\":5,\"prompt\":\"x\"}\n{\"id\":6,\"prompt\":\"y\"}\n"));
    scene_build(&scene);
    assert_int_equal(scene.summary.records, 6);
    assert_int_equal(scene.summary.rejected, 4);
    assert_int_equal(scene.summary.sent, 2);
    assert_str(scene_words(&scene, 0).error, "");
    assert_int_equal(scene_words(&scene, 1).line, 2);
    assert_true(str_holds(scene_words(&scene, 1).error, "{\"code\":\"invalid_json\""));
    assert_true(str_holds(scene_words(&scene, 2).error, "{\"code\":\"not_an_object\""));
    assert_str(scene_words(&scene, 3).id, "4");
    assert_str(scene_words(&scene, 3).error,
               "{\"code\":\"missing_prompt\",\"message\":\"no prompt and no messages; "
               "give the record a prompt or messages\"}");
    assert_int_equal(ps_index_entry(scene.index, 3)->flags, PS_ENTRY_REJECTED);
    assert_int_equal(ps_index_entry(scene.index, 3)->sent_bytes, 0);
    struct ps_buf bodies PS_CLEANUP(ps_buf_release);
    ps_buf_init(&bodies, SCENE_BYTES_MAX);
    scene_read_all(&scene, &bodies);
    scene_release(&scene);
}

/* Enough lines for several chunks: some broken, some equal, some long. */
static void add_many(struct ps_buf *const to, const int first, const int count)
{
    for (int number = first; number < first + count; number++) {
        if (number % 97 == 5) {
            ps_buf_add_text(to, "{broken\n\n");
        }
        ps_buf_add_format(to, "{\"id\":\"n%d\",\"prompt\":\"number %d %0*d\",\"k\":%d}\n",
                          number % 3000, number % 2500, 1 + number % 700, 0, number);
    }
}

static void assert_same_file(const struct scene *const left, const struct scene *const right,
                             const char *const name)
{
    size_t left_size = 0;
    size_t right_size = 0;
    char *left_bytes PS_CLEANUP(ps_str_free_auto) = test_file_read(left->run, name, &left_size);
    char *right_bytes PS_CLEANUP(ps_str_free_auto) = test_file_read(right->run, name, &right_size);
    assert_int_equal(left_size, right_size);
    assert_memory_equal(left_bytes, right_bytes, left_size);
}

static void threads_and_packings_change_nothing(void **state)
{
    (void)state;
    struct ps_buf plain PS_CLEANUP(ps_buf_release);
    ps_buf_init(&plain, SCENE_BYTES_MAX);
    add_many(&plain, 0, 20000);
    struct scene first;
    scene_init(&first);
    first.options.keep = "k";
    first.options.threads = 1;
    scene_add(&first, "in.jsonl", ps_buf_str(&plain));
    scene_build(&first);
    struct ps_buf bodies PS_CLEANUP(ps_buf_release);
    ps_buf_init(&bodies, SCENE_BYTES_MAX);
    scene_read_all(&first, &bodies);
    static const struct {
        const char *packing;
        int64_t threads;
    } rows[] = {{"", 2}, {"", 5}, {"gz", 3}, {"zst", 2}};
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        struct ps_buf packed PS_CLEANUP(ps_buf_release);
        struct ps_buf again PS_CLEANUP(ps_buf_release);
        ps_buf_init(&packed, SCENE_BYTES_MAX);
        ps_buf_init(&again, SCENE_BYTES_MAX);
        struct scene scene;
        scene_init(&scene);
        scene.options.keep = "k";
        scene.options.threads = rows[row].threads;
        if (rows[row].packing[0] == '\0') {
            scene_add(&scene, "in.jsonl", ps_buf_str(&plain));
        } else {
            pack(rows[row].packing, ps_buf_str(&plain), &packed);
            scene_add(&scene, "in.jsonl.packed", ps_buf_str(&packed));
        }
        scene_build(&scene);
        assert_same_file(&first, &scene, "index.bin");
        assert_same_file(&first, &scene, "ids.bin");
        assert_memory_equal(&first.summary, &scene.summary, sizeof(scene.summary));
        scene_read_all(&scene, &again);
        assert_int_equal(again.size, bodies.size);
        assert_memory_equal(again.data, bodies.data, bodies.size);
        scene_release(&scene);
    }
    scene_release(&first);
}

static void several_inputs_are_one_row_of_records(void **state)
{
    (void)state;
    struct ps_buf one PS_CLEANUP(ps_buf_release);
    struct ps_buf two PS_CLEANUP(ps_buf_release);
    struct ps_buf packed PS_CLEANUP(ps_buf_release);
    ps_buf_init(&one, SCENE_BYTES_MAX);
    ps_buf_init(&two, SCENE_BYTES_MAX);
    ps_buf_init(&packed, SCENE_BYTES_MAX);
    add_many(&one, 0, 3000);
    add_many(&two, 3000, 2000);
    pack("gz", ps_buf_str(&two), &packed);
    struct scene scene;
    scene_init(&scene);
    scene_add(&scene, "one.jsonl", ps_buf_str(&one));
    scene_add(&scene, "empty.jsonl", PS_STR(""));
    scene_add(&scene, "two.jsonl.gz", ps_buf_str(&packed));
    scene_add(&scene, "last.jsonl", PS_STR("{\"id\":\"last\",\"prompt\":\"x\"}"));
    scene_build(&scene);
    const int64_t count = ps_index_count(scene.index);
    const struct ps_record_words last = scene_words(&scene, count - 1);
    assert_int_equal(last.input, 3);
    assert_int_equal(last.line, 1);
    assert_str(last.id, "\"last\"");
    assert_int_equal(scene_words(&scene, count - 2).input, 2);
    assert_string_equal(ps_index_input_name(scene.index, 2), scene.inputs[2]);
    struct ps_buf bodies PS_CLEANUP(ps_buf_release);
    ps_buf_init(&bodies, SCENE_BYTES_MAX);
    scene_read_all(&scene, &bodies);
    scene_release(&scene);
}

static void the_summary_is_kept_and_names_the_input(void **state)
{
    (void)state;
    static const char *const inputs[] = {
        "{\"id\":1,\"prompt\":\"a\"}\n", "{\"id\":2,\"prompt\":\"a\"}\n",
        "{\"id\":1,\"prompt\":\"b\"}\n", " {\"prompt\": \"a\" , \"id\":1}"};
    uint64_t digests[4];
    for (size_t row = 0; row < 4; row++) {
        struct scene scene;
        scene_init(&scene);
        scene_add(&scene, "in.jsonl", ps_str_of(inputs[row]));
        scene_build(&scene);
        const struct ps_index_summary *const kept = ps_index_summary(scene.index);
        assert_memory_equal(kept, &scene.summary, sizeof(*kept));
        digests[row] = kept->digest_low;
        scene_release(&scene);
    }
    assert_int_not_equal(digests[0], digests[1]);
    assert_int_not_equal(digests[0], digests[2]);
    assert_int_equal(digests[0], digests[3]); /* another spelling of the same */
}

static void count_progress(void *const context, const int64_t records, const int64_t bytes)
{
    int64_t *const seen = context;
    assert_true(records >= seen[0]);
    assert_true(bytes > 0);
    seen[0] = records;
    seen[1]++;
}

static void progress_is_told_and_files_are_private(void **state)
{
    (void)state;
    struct ps_buf plain PS_CLEANUP(ps_buf_release);
    ps_buf_init(&plain, SCENE_BYTES_MAX);
    add_many(&plain, 0, 100);
    int64_t seen[2] = {0, 0};
    struct scene scene;
    scene_init(&scene);
    scene.options.progress = count_progress;
    scene.options.progress_context = seen;
    scene_add(&scene, "in.jsonl", ps_buf_str(&plain));
    scene_build(&scene);
    assert_int_equal(seen[1], 1);
    assert_int_equal(seen[0], scene.summary.records);
    static const char *const names[] = {"index.bin", "ids.bin", "source.json"};
    for (size_t row = 0; row < 3; row++) {
        char *path PS_CLEANUP(ps_str_free_auto) = ps_files_join(scene.run, names[row]);
        struct stat facts;
        assert_int_equal(stat(path, &facts), 0);
        assert_int_equal(facts.st_mode & 0777, 0600);
    }
    assert_int_equal(test_folder_count(scene.run), 3); /* and nothing else */
    scene_release(&scene);
}

static void an_input_without_records_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *bytes;
    } rows[] = {{"in.jsonl", ""}, {"in.jsonl", "\n \t\r\n\n"}, {"in.txt", "\n\n"},
                {"in.csv", ""},   {"in.csv", "id,prompt\r\n"}, {"in.csv", "\n\n"}};
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        struct scene scene;
        scene_init(&scene);
        scene_add(&scene, rows[row].name, ps_str_of(rows[row].bytes));
        assert_int_equal(scene_try(&scene), PS_E_INPUT);
        assert_non_null(strstr(scene.err.message, "empty"));
        assert_int_equal(test_folder_count(scene.run), 0);
        scene_release(&scene);
    }
}

static void a_full_disk_is_said_and_leaves_nothing(void **state)
{
    (void)state;
    struct ps_buf plain PS_CLEANUP(ps_buf_release);
    struct ps_buf packed PS_CLEANUP(ps_buf_release);
    ps_buf_init(&plain, SCENE_BYTES_MAX);
    ps_buf_init(&packed, SCENE_BYTES_MAX);
    add_many(&plain, 0, 3000);
    pack("gz", ps_buf_str(&plain), &packed);
    struct rlimit before;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    void (*const handler)(int) = signal(SIGXFSZ, SIG_IGN);
    /* The spool, the ids, the entries, source.json: each in turn is what does not fit. */
    static const rlim_t sizes[] = {1000, 100000, 190000, 191000};
    for (size_t row = 0; row < 8; row++) {
        struct scene scene;
        scene_init(&scene);
        scene_add(&scene, "in.jsonl", row < 4 ? ps_buf_str(&plain) : ps_buf_str(&packed));
        const struct rlimit small = {sizes[row % 4], before.rlim_max};
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
        const enum ps_status status = scene_try(&scene);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
        assert_int_equal(status, PS_E_IO);
        assert_non_null(strstr(scene.err.message, "could not write"));
        assert_int_equal(test_folder_count(scene.run), 0);
        scene_build(&scene); /* and once there is room, it works */
        scene_release(&scene);
    }
    (void)signal(SIGXFSZ, handler);
}

static void a_line_over_the_cap_is_stepped_over(void **state)
{
    (void)state;
    struct scene scene;
    scene_init(&scene);
    struct ps_buf plain PS_CLEANUP(ps_buf_release);
    ps_buf_init(&plain, SCENE_BYTES_MAX);
    ps_buf_add_text(&plain, "{\"id\":1,\"prompt\":\"a\"}\n");
    const size_t sizes[] = {PS_INPUT_LINE_BYTES_MAX, PS_INPUT_LINE_BYTES_MAX + 1,
                            PS_INPUT_LINE_BYTES_MAX + 10 * PS_MB};
    for (size_t row = 0; row < 3; row++) {
        char *const room = ps_buf_reserve(&plain, sizes[row]);
        assert_non_null(room);
        memset(room, ' ', sizes[row]);
        memcpy(room, "{\"id\":2,\"prompt\":\"b\"}", 21);
        room[sizes[row] - 1] = row == 2 ? '}' : ' ';
        ps_buf_commit(&plain, sizes[row]);
        ps_buf_add_text(&plain, "\n");
    }
    ps_buf_add_text(&plain, "{\"id\":3,\"prompt\":\"c\"}\n");
    scene_add(&scene, "in.jsonl", ps_buf_str(&plain));
    scene_build(&scene);
    assert_int_equal(scene.summary.records, 5);
    assert_int_equal(scene.summary.rejected, 2);
    assert_int_equal(ps_index_entry(scene.index, 1)->flags & PS_ENTRY_REJECTED, 0);
    assert_true(str_holds(scene_words(&scene, 2).error, "line_too_long"));
    assert_true(str_holds(scene_words(&scene, 3).error, "line_too_long"));
    assert_int_equal(scene_words(&scene, 4).line, 5);
    struct ps_buf text PS_CLEANUP(ps_buf_release);
    ps_buf_init(&text, SCENE_BYTES_MAX);
    assert_int_equal(ps_source_text(scene.source, 3, &text, &scene.err), PS_E_TOO_LARGE);
    assert_int_equal(ps_source_text(scene.source, 4, &text, &scene.err), PS_OK);
    assert_string_equal(ps_buf_text(&text), "{\"id\":3,\"prompt\":\"c\"}");
    scene_release(&scene);
}

static void a_damaged_index_is_an_error_not_a_crash(void **state)
{
    (void)state;
    struct scene scene;
    scene_init(&scene);
    scene_add(&scene, "in.jsonl",
              PS_STR("{\"id\":1,\"prompt\":\"a\"}\n{\"id\":2,\"prompt\":\"b\"}\n"));
    scene_build(&scene);
    scene_close(&scene);
    size_t size = 0;
    char *ids PS_CLEANUP(ps_str_free_auto) = test_file_read(scene.run, "ids.bin", &size);
    char *source PS_CLEANUP(ps_str_free_auto) = test_file_read(scene.run, "source.json", NULL);
    /* Another size. */
    test_file_write(scene.run, "ids.bin", (struct ps_str){ids, size - 1});
    assert_int_equal(ps_index_open(scene.run, &scene.index, &scene.err), PS_E_CORRUPT);
    /* The same size, other bytes. */
    char *nonsense PS_CLEANUP(ps_str_free_auto) = malloc(size);
    memset(nonsense, 0xFF, size);
    test_file_write(scene.run, "ids.bin", (struct ps_str){nonsense, size});
    assert_int_equal(ps_index_open(scene.run, &scene.index, &scene.err), PS_OK);
    assert_str(scene_words(&scene, 1).id, "null");
    scene_close(&scene);
    /* No source.json: no index. */
    test_file_write(scene.run, "source.json", PS_STR("{"));
    assert_int_equal(ps_index_open(scene.run, &scene.index, &scene.err), PS_E_CORRUPT);
    test_file_write(scene.run, "source.json", (struct ps_str){source, strlen(source)});
    char *path PS_CLEANUP(ps_str_free_auto) = ps_files_join(scene.run, "index.bin");
    assert_int_equal(unlink(path), 0);
    assert_int_equal(ps_index_open(scene.run, &scene.index, &scene.err), PS_E_IO);
    path[0] = '\0';
    char *other PS_CLEANUP(ps_str_free_auto) = ps_files_join(scene.run, "source.json");
    assert_int_equal(unlink(other), 0);
    assert_int_equal(ps_index_open(scene.run, &scene.index, &scene.err), PS_E_NOT_FOUND);
    scene_release(&scene);
}

static void gsm8k_goes_through_a_template(void **state)
{
    (void)state;
    const char *const shared = getenv("PENSTOCK_SHARED");
    char path[512];
    (void)snprintf(path, sizeof(path), "%s/data/gsm8k/test.jsonl",
                   shared == NULL ? "../shared" : shared);
    if (access(path, R_OK) != 0) {
        print_message("skipped: no GSM8K at '%s' (set PENSTOCK_SHARED)\n", path);
        skip();
    }
    struct scene scene;
    scene_init(&scene);
    test_file_write(scene.folder, "template", PS_STR("Solve: {question}\n"));
    char *template PS_CLEANUP(ps_str_free_auto) = ps_files_join(scene.folder, "template");
    scene.inputs[0] = path;
    scene.options.input_count = 1;
    scene.options.prompt_file = template;
    scene.options.keep = "answer";
    scene_build(&scene);
    assert_int_equal(scene.summary.records, 1319);
    assert_int_equal(scene.summary.sent, 1319);
    assert_string_equal(scene.summary.dialect, "jsonl");
    assert_true(str_holds(scene_words(&scene, 0).keep, "{\"answer\":\"Janet sells 16"));
    struct ps_buf bodies PS_CLEANUP(ps_buf_release);
    ps_buf_init(&bodies, SCENE_BYTES_MAX);
    scene_read_all(&scene, &bodies);
    assert_true(str_holds(ps_buf_str(&bodies), "\"content\":\"Solve: Janet\xE2\x80\x99s ducks"));
    scene_release(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_simple_file_becomes_entries_ids_and_bodies),
        cmocka_unit_test(a_broken_line_is_rejected_and_the_rest_go_on),
        cmocka_unit_test(threads_and_packings_change_nothing),
        cmocka_unit_test(several_inputs_are_one_row_of_records),
        cmocka_unit_test(the_summary_is_kept_and_names_the_input),
        cmocka_unit_test(progress_is_told_and_files_are_private),
        cmocka_unit_test(an_input_without_records_is_refused),
        cmocka_unit_test(a_full_disk_is_said_and_leaves_nothing),
        cmocka_unit_test(a_line_over_the_cap_is_stepped_over),
        cmocka_unit_test(a_damaged_index_is_an_error_not_a_crash),
        cmocka_unit_test(gsm8k_goes_through_a_template),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
