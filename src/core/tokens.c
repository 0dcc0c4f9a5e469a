#include "core/tokens.h"

/* Ten-thousandths of a token for each of a class. */
struct weights {
    int64_t word;
    int64_t letter;
    int64_t digit;
    int64_t other;
    int64_t newline;
    int64_t two_bytes;
    int64_t three_bytes;
};

#define WEIGHT_ONE INT64_C(10000)

static const struct weights weights_common = {9524, 225, 7417, 5291, 18123, 2439, 7332};
static const struct weights weights_llama = {9413, 346, 7152, 4577, 20943, 2861, 6816};

/* A sum of so many ones fits a byte, so the loop below adds bytes; and no vector is left half full.
 */
#define BLOCK_SIZE ((size_t)240)

/* The same classes as ps_token_counts, of one block. */
struct block_counts {
    uint8_t words;
    uint8_t letters;
    uint8_t digits;
    uint8_t printed; /* letters, digits and all other ASCII that leaves ink */
    uint8_t newlines;
    uint8_t any; /* all bytes, or'ed: is there one that is not ASCII? */
};

struct lead_counts {
    uint8_t two_bytes;
    uint8_t three_bytes;
    uint8_t four_bytes;
};

static inline uint8_t is_letter(const uint8_t byte)
{
    return (uint8_t)((byte | 0x20) - 'a') < 26;
}

/*
 * At most BLOCK_SIZE bytes at `at`; at[-1] may be read. Comparisons of bytes, summed in bytes: the
 * compiler makes vector code of it, so no branch, no table and no wider number may come in here.
 */
static inline struct block_counts count_block(const uint8_t *const at, const size_t size)
{
    struct block_counts sum = {0, 0, 0, 0, 0, 0};
    for (size_t place = 0; place < size; place++) {
        const uint8_t byte = at[place];
        const uint8_t letter = is_letter(byte);
        sum.letters = (uint8_t)(sum.letters + letter);
        sum.words = (uint8_t)(sum.words + (letter & (is_letter(at[(ptrdiff_t)place - 1]) ^ 1)));
        sum.digits = (uint8_t)(sum.digits + ((uint8_t)(byte - '0') < 10));
        sum.printed = (uint8_t)(sum.printed + ((uint8_t)(byte - '!') < '~' - '!' + 1));
        sum.newlines = (uint8_t)(sum.newlines + (byte == '\n'));
        sum.any |= byte;
    }
    return sum;
}

static inline struct lead_counts count_leads(const uint8_t *const at, const size_t size)
{
    struct lead_counts sum = {0, 0, 0};
    for (size_t place = 0; place < size; place++) {
        const uint8_t byte = at[place];
        sum.two_bytes = (uint8_t)(sum.two_bytes + ((byte & 0xE0) == 0xC0));
        sum.three_bytes = (uint8_t)(sum.three_bytes + ((byte & 0xF0) == 0xE0));
        sum.four_bytes = (uint8_t)(sum.four_bytes + ((byte & 0xF8) == 0xF0));
    }
    return sum;
}

static void add_block(struct ps_token_counts *const counts, const uint8_t *const at,
                      const size_t size)
{
    const struct block_counts block = count_block(at, size);
    counts->words += block.words;
    counts->letters += block.letters;
    counts->digits += block.digits;
    counts->others += block.printed - block.letters - block.digits;
    counts->newlines += block.newlines;
    if (block.any >= 0x80) {
        const struct lead_counts leads = count_leads(at, size);
        counts->two_bytes += leads.two_bytes;
        counts->three_bytes += leads.three_bytes;
        counts->four_bytes += leads.four_bytes;
    }
}

void ps_tokens_count(struct ps_token_counts *const counts, const struct ps_str text)
{
    if (text.size == 0) {
        return;
    }
    /* The first byte has none before it: it is counted behind a space of our own. */
    const uint8_t first[2] = {' ', (uint8_t)text.data[0]};
    add_block(counts, first + 1, 1);
    for (size_t from = 1; from < text.size; from += BLOCK_SIZE) {
        const size_t left = text.size - from;
        const size_t size = left < BLOCK_SIZE ? left : BLOCK_SIZE;
        add_block(counts, (const uint8_t *)text.data + from, size);
    }
}

int64_t ps_tokens_estimate(const struct ps_token_counts *const counts, const enum ps_family family)
{
    const struct weights *const weights =
        family == PS_FAMILY_LLAMA ? &weights_llama : &weights_common;
    const int64_t sum = counts->words * weights->word + counts->letters * weights->letter +
                        counts->digits * weights->digit + counts->others * weights->other +
                        counts->newlines * weights->newline +
                        counts->two_bytes * weights->two_bytes +
                        (counts->three_bytes + 3 * counts->four_bytes) * weights->three_bytes;
    return (sum + WEIGHT_ONE - 1) / WEIGHT_ONE + counts->images * PS_IMAGE_TOKENS;
}
