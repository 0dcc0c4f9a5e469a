#include "app/groups.h"

#include "base/assert.h"
#include "base/limits.h"
#include "os/files.h"

#include <stdlib.h>
#include <string.h>

struct item {
    uint64_t low;
    uint64_t high;
    uint64_t record;
};

/* Keys that one part holds at most, when they are spread evenly: 3 MB, and 8 MB for the set of
 * them. */
#define PART_ITEMS_MAX ((int64_t)128 * 1024)

/* What is gathered of a part before it is written. */
#define PART_BUFFER_ITEMS ((size_t)128)

/* How many are read at once. */
#define READ_ITEMS ((int64_t)1024)

struct part {
    int64_t from;  /* its place in the file, in items */
    int64_t count; /* how many it will have */
    int64_t added;
    struct ps_buf buffer;
};

struct ps_groups {
    char *path;
    struct ps_new_file *file; /* NULL: one part, in memory */
    struct part *parts;
    size_t part_count;
    unsigned shift; /* of a spread number, to the part */
    struct ps_buf memory;
};

/* A set of different keys: open addressing, at most half full. */
struct slot {
    struct item item;
    bool is_used;
    bool is_repeated;
};

struct key_set {
    struct slot *slots;
    size_t capacity; /* a power of two */
    size_t used;
};

static unsigned shift_for(const int64_t total)
{
    unsigned shift = 12;
    for (int64_t parts = 1; total / parts > PART_ITEMS_MAX && shift > 0; parts *= 2) {
        shift--;
    }
    return shift;
}

struct ps_groups *ps_groups_new(const char *const folder, const struct ps_spread *const spread)
{
    struct ps_groups *const groups = calloc(1, sizeof(*groups));
    PS_ASSERT(groups != NULL);
    int64_t total = 0;
    for (size_t place = 0; place < PS_SPREAD_COUNT; place++) {
        total += spread->count[place];
    }
    groups->shift = shift_for(total);
    groups->part_count = (size_t)PS_SPREAD_COUNT >> groups->shift;
    groups->path = ps_files_join(folder, "groups");
    groups->parts = calloc(groups->part_count, sizeof(*groups->parts));
    PS_ASSERT(groups->parts != NULL);
    ps_buf_init(&groups->memory, (size_t)(PART_ITEMS_MAX + 1) * sizeof(struct item));
    for (size_t place = 0; place < PS_SPREAD_COUNT; place++) {
        groups->parts[place >> groups->shift].count += spread->count[place];
    }
    int64_t from = 0;
    for (size_t number = 0; number < groups->part_count; number++) {
        ps_buf_init(&groups->parts[number].buffer, PART_BUFFER_ITEMS * sizeof(struct item));
        groups->parts[number].from = from;
        from += groups->parts[number].count;
    }
    return groups;
}

struct ps_groups *ps_groups_free(struct ps_groups *const groups)
{
    if (groups != NULL) {
        for (size_t number = 0; number < groups->part_count; number++) {
            ps_buf_release(&groups->parts[number].buffer);
        }
        (void)ps_new_file_free(groups->file);
        free(groups->parts);
        free(groups->path);
        ps_buf_release(&groups->memory);
        free(groups);
    }
    return NULL;
}

void ps_groups_free_auto(struct ps_groups **const groups)
{
    *groups = ps_groups_free(*groups);
}

static enum ps_status flush_part(struct ps_groups *const groups, struct part *const part,
                                 struct ps_error *const err)
{
    const int64_t size = (int64_t)sizeof(struct item);
    const int64_t buffered = (int64_t)part->buffer.size / size;
    const int64_t place = (part->from + part->added - buffered) * size;
    if (ps_new_file_write_at(groups->file, place, ps_buf_str(&part->buffer), err) != PS_OK) {
        return err->status;
    }
    ps_buf_clear(&part->buffer);
    return PS_OK;
}

enum ps_status ps_groups_add(struct ps_groups *const groups, const uint64_t low,
                             const uint64_t high, const uint64_t record, struct ps_error *const err)
{
    const struct item item = {low, high, record};
    const struct ps_str bytes = {(const char *)&item, sizeof(item)};
    struct part *const part = &groups->parts[ps_spread_of(high) >> groups->shift];
    PS_ASSERT(part->added < part->count);
    part->added++;
    if (groups->part_count == 1) {
        ps_buf_add(&groups->memory, bytes);
        return PS_OK;
    }
    if (groups->file == NULL && ps_new_file_begin(groups->path, &groups->file, err) != PS_OK) {
        return err->status;
    }
    ps_buf_add(&part->buffer, bytes);
    return part->buffer.size == part->buffer.size_max ? flush_part(groups, part, err) : PS_OK;
}

static void set_init(struct key_set *const set, const size_t capacity)
{
    set->slots = calloc(capacity, sizeof(*set->slots));
    PS_ASSERT(set->slots != NULL);
    set->capacity = capacity;
    set->used = 0;
}

/* The slot of this key, or the free one where it belongs. */
static struct slot *slot_of(const struct key_set *const set, const struct item *const item)
{
    size_t place = (size_t)item->low & (set->capacity - 1);
    while (set->slots[place].is_used &&
           (set->slots[place].item.low != item->low || set->slots[place].item.high != item->high)) {
        place = (place + 1) & (set->capacity - 1);
    }
    return &set->slots[place];
}

static void set_grow(struct key_set *const set)
{
    struct key_set larger;
    set_init(&larger, set->capacity * 2);
    for (size_t place = 0; place < set->capacity; place++) {
        if (set->slots[place].is_used) {
            *slot_of(&larger, &set->slots[place].item) = set->slots[place];
        }
    }
    larger.used = set->used;
    free(set->slots);
    *set = larger;
}

static enum ps_status take_item(struct key_set *const set, const struct item *const item,
                                const struct ps_groups_found *const found,
                                struct ps_error *const err)
{
    struct slot *const slot = slot_of(set, item);
    if (slot->is_used) {
        const bool is_second = !slot->is_repeated;
        slot->is_repeated = true;
        return found->call(found->context, slot->item.record, item->record, is_second, err);
    }
    *slot = (struct slot){*item, true, false};
    set->used++;
    if (set->used * 2 > set->capacity) {
        set_grow(set);
    }
    return PS_OK;
}

static enum ps_status take_items(struct key_set *const set, const struct ps_str bytes,
                                 const struct ps_groups_found *const found,
                                 struct ps_error *const err)
{
    for (size_t from = 0; from < bytes.size; from += sizeof(struct item)) {
        struct item item;
        memcpy(&item, bytes.data + from, sizeof(item));
        if (take_item(set, &item, found, err) != PS_OK) {
            return err->status;
        }
    }
    return PS_OK;
}

/* Reads one part's run of the file, a little at a time: equal keys need no memory. */
static enum ps_status find_in_part(struct ps_groups *const groups, struct part *const part,
                                   struct key_set *const set,
                                   const struct ps_groups_found *const found,
                                   struct ps_error *const err)
{
    char room[READ_ITEMS * sizeof(struct item)];
    const int64_t size = (int64_t)sizeof(struct item);
    PS_ASSERT(part->added == part->count);
    if (flush_part(groups, part, err) != PS_OK) {
        return err->status;
    }
    for (int64_t from = 0; from < part->count; from += READ_ITEMS) {
        const int64_t left = part->count - from;
        const size_t bytes = (size_t)((left < READ_ITEMS ? left : READ_ITEMS) * size);
        if (ps_new_file_read_at(groups->file, (part->from + from) * size, room, bytes, err) !=
                PS_OK ||
            take_items(set, (struct ps_str){room, bytes}, found, err) != PS_OK) {
            return err->status;
        }
    }
    return PS_OK;
}

enum ps_status ps_groups_find(struct ps_groups *const groups,
                              const struct ps_groups_found *const found, struct ps_error *const err)
{
    enum ps_status status = PS_OK;
    for (size_t number = 0; status == PS_OK && number < groups->part_count; number++) {
        struct part *const part = &groups->parts[number];
        struct key_set set;
        if (part->count == 0) {
            continue;
        }
        set_init(&set, 1024);
        status = groups->part_count == 1 ? take_items(&set, ps_buf_str(&groups->memory), found, err)
                                         : find_in_part(groups, part, &set, found, err);
        free(set.slots);
    }
    return status;
}
