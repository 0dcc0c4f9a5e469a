/* Goal: classes are counted as the formula says, whatever the length. Method: a plain loop beside
 * it, by rows and at random over every length around a block. */
#include "core/tokens.h"

#include "base/prng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

/* The same classes, one byte at a time. */
static struct ps_token_counts slow_counts(const struct ps_str text)
{
    struct ps_token_counts counts = {0};
    bool was_letter = false;
    for (size_t place = 0; place < text.size; place++) {
        const unsigned char byte = (unsigned char)text.data[place];
        const bool is_letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
        const bool is_digit = byte >= '0' && byte <= '9';
        counts.letters += is_letter ? 1 : 0;
        counts.words += is_letter && !was_letter ? 1 : 0;
        counts.digits += is_digit ? 1 : 0;
        counts.others += byte > ' ' && byte < 0x7F && !is_letter && !is_digit ? 1 : 0;
        counts.newlines += byte == '\n' ? 1 : 0;
        counts.two_bytes += byte >= 0xC0 && byte < 0xE0 ? 1 : 0;
        counts.three_bytes += byte >= 0xE0 && byte < 0xF0 ? 1 : 0;
        counts.four_bytes += byte >= 0xF0 && byte < 0xF8 ? 1 : 0;
        was_letter = is_letter;
    }
    return counts;
}

static void counts_as_a_plain_loop_does(void **state)
{
    (void)state;
    struct ps_prng prng;
    ps_prng_init(&prng, 20261124);
    char bytes[1100];
    for (size_t size = 0; size < sizeof(bytes); size++) {
        const int64_t kind = ps_prng_below(&prng, 3);
        for (size_t place = 0; place < size; place++) {
            bytes[place] = kind == 0   ? (char)ps_prng_below(&prng, 256)
                           : kind == 1 ? (char)ps_prng_below(&prng, 128)
                                       : "aB3 \n.z"[ps_prng_below(&prng, 7)];
        }
        struct ps_token_counts counts = {0};
        ps_tokens_count(&counts, (struct ps_str){bytes, size});
        const struct ps_token_counts slow = slow_counts((struct ps_str){bytes, size});
        assert_memory_equal(&counts, &slow, sizeof(counts));
    }
}

static void estimates_by_the_formula(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t common;
        int64_t llama;
    } rows[] = {
        {"", 0, 0},
        {" ", 0, 0},
        {"a", 1, 1},           /* 0.9749 */
        {"hello world", 3, 3}, /* 2 * 0.9524 + 10 * 0.0225 = 2.1298; 2.2286 */
        {"12345", 4, 4},       /* 3.7085; 3.576 */
        {"\n\n", 4, 5},        /* 3.6246; 4.1886 */
        {"!?", 2, 1},          /* 1.0582; 0.9154 */
        {"\xC3\xA9\xC3\xA9\xC3\xA9", 1, 1},
        {"\xE4\xBD\xA0\xE5\xA5\xBD", 2, 2}, /* 1.4664; 1.3632 */
        {"\xF0\x9F\x98\x80", 3, 3},         /* three of three bytes: 2.1996; 2.0448 */
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        struct ps_token_counts counts = {0};
        ps_tokens_count(&counts, ps_str_of(rows[row].text));
        assert_int_equal(ps_tokens_estimate(&counts, PS_FAMILY_NOVA), rows[row].common);
        assert_int_equal(ps_tokens_estimate(&counts, PS_FAMILY_LLAMA), rows[row].llama);
    }
}

static void texts_add_up_and_words_end_with_them(void **state)
{
    (void)state;
    struct ps_token_counts counts = {0};
    ps_tokens_count(&counts, PS_STR("half"));
    ps_tokens_count(&counts, PS_STR("way"));
    assert_int_equal(counts.words, 2);
    assert_int_equal(counts.letters, 7);
    counts = (struct ps_token_counts){.images = 2};
    assert_int_equal(ps_tokens_estimate(&counts, PS_FAMILY_ANTHROPIC), 2 * PS_IMAGE_TOKENS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_as_a_plain_loop_does),
        cmocka_unit_test(estimates_by_the_formula),
        cmocka_unit_test(texts_add_up_and_words_end_with_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
