/* Goal: source.json says all that is needed to make the same bytes again, comes back as it was, and
 * is never trusted. Method: write, read, write again, compare; then every kind of damage. */
#include "app/source_facts.h"

#include "base/limits.h"
#include "base/prng.h"
#include "folder.h"
#include "os/files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static const struct ps_index_options options_all = {.model =
                                                        "us.meta.llama4-scout-17b-instruct-v1:0",
                                                    .family = PS_FAMILY_LLAMA,
                                                    .system = "Say \"it\"\nbriefly",
                                                    .id_field = "key",
                                                    .keep = "a,b",
                                                    .max_tokens = 77,
                                                    .output_tokens_max = 99};

static void facts_come_back_as_they_were(void **state)
{
    (void)state;
    char *folder PS_CLEANUP(test_folder_free_auto) = test_folder_new();
    char *template PS_CLEANUP(ps_str_free_auto) = ps_files_join(folder, "template");
    /* A path need be no UTF-8. */
    char *input PS_CLEANUP(ps_str_free_auto) = ps_files_join(folder, "in\xFF\n.csv");
    test_file_write(folder, "template", PS_STR("Ask: {q}\n"));
    test_file_write(folder, "in\xFF\n.csv", PS_STR("key,q\n1,a\n"));
    const char *const names[] = {input};
    struct ps_index_options options = options_all;
    options.prompt_file = template;
    struct ps_source_facts facts PS_CLEANUP(ps_source_facts_release);
    struct ps_source_facts again PS_CLEANUP(ps_source_facts_release);
    struct ps_error err;
    ps_source_facts_init(&facts);
    ps_source_facts_init(&again);
    assert_int_equal(ps_source_facts_take(&facts, &options, &err), PS_OK);
    assert_int_equal(ps_inputs_open(names, 1, folder, &facts.inputs, &err), PS_OK);
    facts.rules.dialect = PS_DIALECT_CSV;
    facts.inputs.items[0].header = ps_str_dup(PS_STR("key,q"));
    facts.inputs.items[0].data_from = 6;
    facts.inputs.items[0].first_line = 2;
    facts.summary.records = 1;
    facts.summary.digest_low = UINT64_C(0xFEDCBA9876543210);
    facts.summary.digest_high = 7;
    facts.ids_bytes = 12;
    assert_int_equal(ps_source_facts_write(&facts, folder, &err), PS_OK);
    assert_int_equal(ps_source_facts_read(&again, folder, &err), PS_OK);
    assert_int_equal(again.rules.dialect, PS_DIALECT_CSV);
    assert_int_equal(again.rules.form.family, PS_FAMILY_LLAMA);
    assert_true(again.rules.form.is_llama4);
    assert_int_equal(again.rules.max_tokens, 77);
    assert_int_equal(again.rules.output_tokens_max, 99);
    assert_true(ps_str_equals_text(again.rules.system, options.system));
    assert_true(ps_str_equals_text(again.rules.id_field, "key"));
    assert_true(ps_str_equals_text(ps_template_name(again.rules.template, 0), "q"));
    assert_string_equal(again.inputs.items[0].name, input);
    assert_int_equal(again.inputs.items[0].data_from, 6);
    assert_int_equal(again.columns[0].field_count, 2);
    assert_int_equal(again.summary.digest_low, facts.summary.digest_low);
    assert_int_equal(again.summary.digest_high, 7);
    assert_int_equal(again.ids_bytes, 12);
    size_t size = 0;
    size_t size_again = 0;
    char *first PS_CLEANUP(ps_str_free_auto) = test_file_read(folder, "source.json", &size);
    assert_int_equal(ps_source_facts_write(&again, folder, &err), PS_OK);
    char *second PS_CLEANUP(ps_str_free_auto) = test_file_read(folder, "source.json", &size_again);
    assert_int_equal(size, size_again);
    assert_memory_equal(first, second, size);
}

/* Whatever the bytes, reading ends with an answer; what is read whole is what was written. */
static void damage_is_an_error(void **state)
{
    (void)state;
    char *folder PS_CLEANUP(test_folder_free_auto) = test_folder_new();
    char *input PS_CLEANUP(ps_str_free_auto) = ps_files_join(folder, "in");
    test_file_write(folder, "in", PS_STR("a\n"));
    const char *const names[] = {input};
    struct ps_source_facts facts PS_CLEANUP(ps_source_facts_release);
    struct ps_error err;
    ps_source_facts_init(&facts);
    assert_int_equal(ps_source_facts_take(&facts, &options_all, &err), PS_OK);
    assert_int_equal(ps_inputs_open(names, 1, folder, &facts.inputs, &err), PS_OK);
    assert_int_equal(ps_source_facts_write(&facts, folder, &err), PS_OK);
    size_t size = 0;
    char *text PS_CLEANUP(ps_str_free_auto) = test_file_read(folder, "source.json", &size);
    struct ps_prng prng;
    ps_prng_init(&prng, 5);
    for (int round = 0; round < 300; round++) {
        char *damaged PS_CLEANUP(ps_str_free_auto) = ps_str_dup((struct ps_str){text, size});
        struct ps_source_facts read PS_CLEANUP(ps_source_facts_release);
        ps_source_facts_init(&read);
        const size_t place = (size_t)ps_prng_below(&prng, (int64_t)size);
        damaged[place] = (char)ps_prng_below(&prng, 256);
        const size_t kept = round % 3 == 0 ? place : size;
        test_file_write(folder, "source.json", (struct ps_str){damaged, kept});
        const enum ps_status status = ps_source_facts_read(&read, folder, &err);
        assert_true(status == PS_OK || status == PS_E_CORRUPT || status == PS_E_USAGE);
        /* Whole but for the line's end it is still whole. */
        assert_true(kept + 1 >= size || status == PS_E_CORRUPT);
    }
}

static void options_that_mean_nothing_are_refused(void **state)
{
    (void)state;
    char *folder PS_CLEANUP(test_folder_free_auto) = test_folder_new();
    char *template PS_CLEANUP(ps_str_free_auto) = ps_files_join(folder, "template");
    static const char *const templates[] = {"{", "\xFF", "a\0b"};
    struct ps_error err;
    for (size_t row = 0; row < 4; row++) {
        struct ps_source_facts facts PS_CLEANUP(ps_source_facts_release);
        struct ps_index_options options = options_all;
        ps_source_facts_init(&facts);
        options.prompt_file = row == 3 ? "/no/such/file" : template;
        if (row < 3) {
            test_file_write(folder, "template", (struct ps_str){templates[row], row == 2 ? 3 : 1});
        }
        assert_int_equal(ps_source_facts_take(&facts, &options, &err), PS_E_USAGE);
    }
    struct ps_source_facts facts PS_CLEANUP(ps_source_facts_release);
    struct ps_index_options options = options_all;
    ps_source_facts_init(&facts);
    options.system = "\xC0\xAF";
    assert_int_equal(ps_source_facts_take(&facts, &options, &err), PS_E_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(facts_come_back_as_they_were),
        cmocka_unit_test(damage_is_an_error),
        cmocka_unit_test(options_that_mean_nothing_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
