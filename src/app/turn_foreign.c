#include "app/turn_internal.h"

#include "base/assert.h"
#include "core/record_id.h"

#include <stdlib.h>
#include <string.h>

/* How a line of ours begins; the id and what follows it are read from its first bytes alone. */
#define HEAD "{\"recordId\":\""
#define HEAD_BYTES (sizeof(HEAD) - 1)
#define LINE_BYTES (HEAD_BYTES + PS_RECORD_ID_SIZE)

struct id_list {
    uint64_t *ids;
    int64_t count;
    int64_t room;
};

struct ps_foreign {
    struct id_list *objects;
    int64_t object_count; /* whole ones */
    struct id_list open;  /* of the object that is being read */
    char line[LINE_BYTES];
    size_t line_size;
};

struct ps_foreign *ps_foreign_new(void)
{
    struct ps_foreign *const foreign = calloc(1, sizeof(*foreign));
    PS_ASSERT(foreign != NULL);
    return foreign;
}

struct ps_foreign *ps_foreign_free(struct ps_foreign *const foreign)
{
    if (foreign != NULL) {
        for (int64_t object = 0; object < foreign->object_count; object++) {
            free(foreign->objects[object].ids);
        }
        free(foreign->objects);
        free(foreign->open.ids);
        free(foreign);
    }
    return NULL;
}

static void add_id(struct id_list *const list, const int64_t id)
{
    if (list->count == list->room) {
        list->room = list->room == 0 ? 64 : list->room * 2;
        list->ids = reallocarray(list->ids, (size_t)list->room, sizeof(list->ids[0]));
        PS_ASSERT(list->ids != NULL);
    }
    list->ids[list->count++] = (uint64_t)id;
}

static void end_line(struct ps_foreign *const foreign)
{
    int64_t id = 0;
    if (foreign->line_size == LINE_BYTES && memcmp(foreign->line, HEAD, HEAD_BYTES) == 0 &&
        ps_record_id_read((struct ps_str){foreign->line + HEAD_BYTES, PS_RECORD_ID_SIZE}, &id)) {
        add_id(&foreign->open, id);
    }
    foreign->line_size = 0;
}

void ps_foreign_write(struct ps_foreign *const foreign, const int64_t offset,
                      const struct ps_str bytes)
{
    struct ps_str rest = bytes;
    if (offset == 0) {
        foreign->open.count = 0;
        foreign->line_size = 0;
    }
    while (rest.size > 0) {
        const size_t line_end = ps_str_find(rest, '\n');
        const size_t room = LINE_BYTES - foreign->line_size;
        const size_t taken = line_end < room ? line_end : room;
        memcpy(foreign->line + foreign->line_size, rest.data, taken);
        foreign->line_size += taken;
        if (line_end < rest.size) {
            end_line(foreign);
        }
        rest = ps_str_part(rest, line_end + 1, rest.size);
    }
}

static int compare_ids(const void *const left, const void *const right)
{
    const uint64_t left_id = *(const uint64_t *)left;
    const uint64_t right_id = *(const uint64_t *)right;
    return (left_id > right_id) - (left_id < right_id);
}

void ps_foreign_object_end(struct ps_foreign *const foreign)
{
    end_line(foreign);
    if (foreign->open.count > 0) {
        qsort(foreign->open.ids, (size_t)foreign->open.count, sizeof(foreign->open.ids[0]),
              compare_ids);
    }
    foreign->objects = reallocarray(foreign->objects, (size_t)foreign->object_count + 1,
                                    sizeof(foreign->objects[0]));
    PS_ASSERT(foreign->objects != NULL);
    foreign->objects[foreign->object_count++] = foreign->open;
    foreign->open = (struct id_list){NULL, 0, 0};
}

int64_t ps_foreign_objects(const struct ps_foreign *const foreign)
{
    return foreign->object_count;
}

const uint64_t *ps_foreign_ids(const struct ps_foreign *const foreign, const int64_t object,
                               int64_t *const ret_count)
{
    PS_ASSERT(object >= 0 && object < foreign->object_count);
    *ret_count = foreign->objects[object].count;
    return foreign->objects[object].ids;
}
