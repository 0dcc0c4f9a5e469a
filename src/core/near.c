#include "core/near.h"

#define WORD_BYTES_MAX 64

size_t ps_near_distance(const struct ps_str left, const struct ps_str right)
{
    size_t row[WORD_BYTES_MAX + 1];
    if (left.size > WORD_BYTES_MAX || right.size > WORD_BYTES_MAX) {
        return SIZE_MAX;
    }
    for (size_t place = 0; place <= right.size; place++) {
        row[place] = place;
    }
    for (size_t line = 0; line < left.size; line++) {
        size_t corner = row[0];
        row[0] = line + 1;
        for (size_t place = 0; place < right.size; place++) {
            const size_t change = corner + (left.data[line] == right.data[place] ? 0 : 1);
            const size_t step = (row[place] < row[place + 1] ? row[place] : row[place + 1]) + 1;
            corner = row[place + 1];
            row[place + 1] = change < step ? change : step;
        }
    }
    return row[right.size];
}

void ps_near_look(struct ps_near *const near, const struct ps_str word, const char *const candidate)
{
    const size_t distance = ps_near_distance(word, ps_str_of(candidate));
    if (distance < near->distance && distance * 2 <= word.size) {
        *near = (struct ps_near){candidate, distance};
    }
}
