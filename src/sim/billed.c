#include "sim/billed.h"

#include "base/assert.h"

#include <stdlib.h>
#include <string.h>

#define CHUNK_RECORDS INT64_C(65536)
#define WORD_BITS INT64_C(64)
#define CHUNK_WORDS ((size_t)(CHUNK_RECORDS / WORD_BITS))

/* All or none of a chunk needs no words. */
struct ps_billed_chunk {
    uint64_t *words;
    int64_t count;
};

void ps_billed_init(struct ps_billed *const billed)
{
    memset(billed, 0, sizeof *billed);
}

void ps_billed_release(struct ps_billed *const billed)
{
    for (size_t place = 0; place < billed->chunk_count; place++) {
        free(billed->chunks[place].words);
    }
    free(billed->chunks);
    ps_billed_init(billed);
}

static void make_room(struct ps_billed *const billed, const size_t chunk)
{
    if (chunk < billed->chunk_count) {
        return;
    }
    const size_t count = chunk + 1 + billed->chunk_count / 2;
    billed->chunks = realloc(billed->chunks, count * sizeof *billed->chunks);
    PS_ASSERT(billed->chunks != NULL);
    memset(&billed->chunks[billed->chunk_count], 0,
           (count - billed->chunk_count) * sizeof *billed->chunks);
    billed->chunk_count = count;
}

/* The bits of word `word` that lie in [first, end) of the chunk. */
static uint64_t mask_of(const int64_t word, const int64_t first, const int64_t end)
{
    const int64_t from = first > word * WORD_BITS ? first - word * WORD_BITS : 0;
    const int64_t to = end < (word + 1) * WORD_BITS ? end - word * WORD_BITS : WORD_BITS;
    const uint64_t below_to = to == WORD_BITS ? UINT64_MAX : (UINT64_C(1) << to) - 1;
    return below_to & ~((UINT64_C(1) << from) - 1);
}

/* [first, end) of one chunk. */
static int64_t add_to(struct ps_billed_chunk *const chunk, const int64_t first, const int64_t end)
{
    if (chunk->count == CHUNK_RECORDS) {
        return end - first;
    }
    if (end - first == CHUNK_RECORDS) {
        const int64_t known = chunk->count;
        free(chunk->words);
        *chunk = (struct ps_billed_chunk){NULL, CHUNK_RECORDS};
        return known;
    }
    if (chunk->words == NULL) {
        chunk->words = calloc(CHUNK_WORDS, sizeof *chunk->words);
        PS_ASSERT(chunk->words != NULL);
    }
    int64_t known = 0;
    for (int64_t word = first / WORD_BITS; word * WORD_BITS < end; word++) {
        const uint64_t mask = mask_of(word, first, end);
        known += __builtin_popcountll(chunk->words[word] & mask);
        chunk->words[word] |= mask;
    }
    chunk->count += end - first - known;
    if (chunk->count == CHUNK_RECORDS) {
        free(chunk->words);
        chunk->words = NULL;
    }
    return known;
}

int64_t ps_billed_add(struct ps_billed *const billed, const int64_t first, const int64_t end)
{
    PS_ASSERT(first >= 0);
    int64_t known = 0;
    for (int64_t from = first; from < end;) {
        const int64_t chunk = from / CHUNK_RECORDS;
        const int64_t chunk_end = (chunk + 1) * CHUNK_RECORDS;
        const int64_t to = end < chunk_end ? end : chunk_end;
        make_room(billed, (size_t)chunk);
        known += add_to(&billed->chunks[chunk], from - chunk * CHUNK_RECORDS,
                        to - chunk * CHUNK_RECORDS);
        from = to;
    }
    return known;
}
