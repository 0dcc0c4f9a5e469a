#include "core/record_id.h"

#include "base/assert.h"

void ps_record_id_write(const int64_t index, char *const room)
{
    PS_ASSERT(index >= 0);
    PS_ASSERT(index <= PS_RECORD_INDEX_MAX);
    int64_t rest = index;
    room[0] = 'R';
    for (size_t place = PS_RECORD_ID_SIZE - 1; place > 0; place--) {
        room[place] = (char)('0' + rest % 10);
        rest /= 10;
    }
}

bool ps_record_id_read(const struct ps_str id, int64_t *const ret_index)
{
    if (id.size != PS_RECORD_ID_SIZE || id.data[0] != 'R') {
        return false;
    }
    int64_t index = 0;
    for (size_t place = 1; place < PS_RECORD_ID_SIZE; place++) {
        if (id.data[place] < '0' || id.data[place] > '9') {
            return false;
        }
        index = index * 10 + (id.data[place] - '0');
    }
    *ret_index = index;
    return true;
}
