#include "core/numbers.h"

#include "base/assert.h"

#include <stdlib.h>
#include <string.h>

#define ROOM_MIN 16

void ps_numbers_init(struct ps_numbers *const numbers)
{
    memset(numbers, 0, sizeof(*numbers));
}

void ps_numbers_release(struct ps_numbers *const numbers)
{
    free(numbers->room);
    ps_numbers_init(numbers);
}

int64_t ps_numbers_at(const struct ps_numbers *const numbers, const int64_t place)
{
    PS_ASSERT(place >= 0 && place < numbers->count);
    return numbers->room[numbers->first + place];
}

int64_t ps_numbers_below(const struct ps_numbers *const numbers, const int64_t number)
{
    int64_t low = 0;
    int64_t high = numbers->count;
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (ps_numbers_at(numbers, middle) < number) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static void move(struct ps_numbers *const numbers, const int64_t from, const int64_t to,
                 const int64_t count)
{
    if (count > 0) {
        memmove(&numbers->room[to], &numbers->room[from], (size_t)count * sizeof(numbers->room[0]));
    }
}

static void make_room(struct ps_numbers *const numbers)
{
    if (numbers->first + numbers->count < numbers->room_count) {
        return;
    }
    /* Half of it is behind: use that before asking for more. */
    if (numbers->first > numbers->room_count / 2) {
        move(numbers, numbers->first, 0, numbers->count);
        numbers->first = 0;
        return;
    }
    numbers->room_count = numbers->room_count == 0 ? ROOM_MIN : numbers->room_count * 2;
    numbers->room =
        reallocarray(numbers->room, (size_t)numbers->room_count, sizeof(numbers->room[0]));
    PS_ASSERT(numbers->room != NULL);
}

void ps_numbers_add(struct ps_numbers *const numbers, const int64_t number)
{
    const int64_t place = ps_numbers_below(numbers, number);
    if (place < numbers->count && ps_numbers_at(numbers, place) == number) {
        return;
    }
    make_room(numbers);
    const int64_t stands = numbers->first + place;
    move(numbers, stands, stands + 1, numbers->count - place);
    numbers->room[stands] = number;
    numbers->count++;
}

void ps_numbers_remove(struct ps_numbers *const numbers, const int64_t number)
{
    const int64_t place = ps_numbers_below(numbers, number);
    if (place >= numbers->count || ps_numbers_at(numbers, place) != number) {
        return;
    }
    if (place == 0) {
        numbers->first++;
    } else {
        const int64_t stands = numbers->first + place;
        move(numbers, stands + 1, stands, numbers->count - place - 1);
    }
    numbers->count--;
}
