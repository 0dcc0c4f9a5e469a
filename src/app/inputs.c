#include "app/inputs.h"

#include "app/spool.h"
#include "base/assert.h"
#include "base/buf.h"
#include "base/limits.h"
#include "core/wish.h"
#include "os/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int64_t changed_at_ns(const struct stat *const facts)
{
    return (int64_t)facts->st_mtim.tv_sec * INT64_C(1000000000) + facts->st_mtim.tv_nsec;
}

/* What a path is, in words, where it is no plain file. */
static const char *kind_of(const struct stat *const facts)
{
    if (S_ISDIR(facts->st_mode)) {
        return "a folder";
    }
    if (S_ISFIFO(facts->st_mode)) {
        return "a FIFO";
    }
    if (S_ISSOCK(facts->st_mode)) {
        return "a socket";
    }
    return "a device";
}

static enum ps_status refuse_kind(const char *const name, const struct stat *const facts,
                                  struct ps_error *const err)
{
    (void)ps_error_set(err, PS_E_INPUT, PS_RETRY_NEVER, "cannot read '%s': it is %s", name,
                       kind_of(facts));
    if (S_ISDIR(facts->st_mode)) {
        return ps_error_hint(err, "Name the files in it, for example '%s'/*.jsonl.", name);
    }
    return ps_error_hint(err, "Give '-' as the input and send the bytes to standard input.");
}

/* Opens a path of the user's that must be a plain file; O_NONBLOCK so that a FIFO cannot hold us
 * up. */
static enum ps_status open_plain(const char *const name, int *const ret_descriptor,
                                 struct stat *const ret_facts, struct ps_error *const err)
{
    const int descriptor = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (descriptor < 0) {
        const bool is_missing = errno == ENOENT || errno == ENOTDIR;
        (void)ps_error_set_errno(err, PS_E_INPUT, errno, "cannot read '%s'", name);
        err->retry = PS_RETRY_NEVER;
        return ps_error_hint(err, "%s", is_missing ? "Check the name." : "Check its permissions.");
    }
    if (fstat(descriptor, ret_facts) != 0 || !S_ISREG(ret_facts->st_mode)) {
        const enum ps_status status = refuse_kind(name, ret_facts, err);
        (void)close(descriptor);
        return status;
    }
    *ret_descriptor = descriptor;
    return PS_OK;
}

static enum ps_packing packing_of(const int descriptor)
{
    char magic[PS_PACKING_MAGIC_SIZE];
    const ssize_t got = pread(descriptor, magic, sizeof(magic), 0);
    return ps_packing_of((struct ps_str){magic, got > 0 ? (size_t)got : 0});
}

/* The spool becomes what is read. */
static enum ps_status make_spool(struct ps_input *const input, const int descriptor,
                                 const char *const folder, const int64_t number,
                                 struct ps_error *const err)
{
    struct ps_buf name PS_CLEANUP(ps_buf_release);
    ps_buf_init(&name, PS_KB);
    ps_buf_add_format(&name, "spool-%05lld", (long long)number);
    char *path PS_CLEANUP(ps_str_free_auto) = ps_files_join(folder, ps_buf_text(&name));
    if (ps_spool_write(descriptor, input->name, path, err) != PS_OK) {
        return err->status;
    }
    struct stat facts;
    if (stat(path, &facts) != 0) {
        return ps_error_set_errno(err, PS_E_IO, errno, "could not look at '%s'", path);
    }
    input->spool = ps_str_dup(ps_buf_str(&name));
    input->path = PS_TAKE(&path);
    input->size_bytes = facts.st_size;
    input->changed_at_ns = changed_at_ns(&facts);
    return PS_OK;
}

static enum ps_status look_at_file(struct ps_input *const input, const char *const folder,
                                   const int64_t number, struct ps_error *const err)
{
    int descriptor = -1;
    struct stat facts;
    if (open_plain(input->name, &descriptor, &facts, err) != PS_OK) {
        return err->status;
    }
    enum ps_status status = PS_OK;
    if (packing_of(descriptor) != PS_PACKING_NONE) {
        status = make_spool(input, descriptor, folder, number, err);
    } else {
        input->path = ps_files_absolute(input->name);
        input->size_bytes = facts.st_size;
        input->changed_at_ns = changed_at_ns(&facts);
    }
    (void)close(descriptor);
    return status;
}

enum ps_status ps_inputs_open(const char *const *const names, const int64_t count,
                              const char *const folder, struct ps_inputs *const ret_inputs,
                              struct ps_error *const err)
{
    struct ps_inputs inputs PS_CLEANUP(ps_inputs_release) = {NULL, 0};
    inputs.items = calloc((size_t)count + 1, sizeof(*inputs.items));
    PS_ASSERT(inputs.items != NULL);
    uint64_t offset = 0;
    for (int64_t number = 0; number < count; number++) {
        struct ps_input *const input = &inputs.items[number];
        inputs.count = number + 1;
        input->name = ps_str_dup(ps_str_of(names[number]));
        input->offset = offset;
        input->first_line = 1;
        const enum ps_status status = strcmp(names[number], "-") == 0
                                          ? make_spool(input, STDIN_FILENO, folder, number, err)
                                          : look_at_file(input, folder, number, err);
        if (status != PS_OK) {
            ps_inputs_remove_spools(&inputs);
            return status;
        }
        offset += (uint64_t)input->size_bytes;
    }
    ret_inputs->items = PS_TAKE(&inputs.items);
    ret_inputs->count = inputs.count;
    inputs.count = 0;
    return PS_OK;
}

void ps_inputs_release(struct ps_inputs *const inputs)
{
    for (int64_t number = 0; number < inputs->count; number++) {
        free(inputs->items[number].name);
        free(inputs->items[number].path);
        free(inputs->items[number].spool);
        free(inputs->items[number].header);
    }
    free(inputs->items);
    inputs->items = NULL;
    inputs->count = 0;
}

void ps_inputs_remove_spools(const struct ps_inputs *const inputs)
{
    for (int64_t number = 0; number < inputs->count; number++) {
        if (inputs->items[number].spool != NULL) {
            (void)unlink(inputs->items[number].path);
        }
    }
}

int64_t ps_inputs_find(const struct ps_inputs *const inputs, const uint64_t offset)
{
    int64_t low = 0;
    int64_t high = inputs->count;
    while (high - low > 1) {
        const int64_t middle = low + (high - low) / 2;
        if (inputs->items[middle].offset <= offset) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
}

static enum ps_status say_gone(const struct ps_input *const input, const int error_number,
                               struct ps_error *const err)
{
    const bool is_gone = error_number == ENOENT || error_number == ENOTDIR;
    (void)ps_error_set_errno(err, is_gone ? PS_E_NOT_FOUND : PS_E_IO, error_number,
                             "could not read the input '%s' again", input->name);
    if (is_gone) {
        (void)snprintf(err->aws_code, sizeof(err->aws_code), PS_CODE_INPUT_GONE);
        return ps_error_hint(err, "Put the file back; records that were not sent need it.");
    }
    return err->status;
}

static enum ps_status say_changed(const struct ps_input *const input, struct ps_error *const err)
{
    (void)ps_error_set(err, PS_E_CORRUPT, PS_RETRY_NEVER,
                       "cannot read the input '%s' again: it changed since it was indexed",
                       input->name);
    (void)snprintf(err->aws_code, sizeof(err->aws_code), "input_changed");
    return ps_error_hint(err, "Put the old file back, or start another run with the new one.");
}

enum ps_status ps_input_open(const struct ps_input *const input, int *const ret_descriptor,
                             struct ps_error *const err)
{
    const int descriptor = open(input->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (descriptor < 0) {
        return say_gone(input, errno, err);
    }
    struct stat facts;
    if (fstat(descriptor, &facts) != 0 || !S_ISREG(facts.st_mode) ||
        facts.st_size != input->size_bytes || changed_at_ns(&facts) != input->changed_at_ns) {
        (void)close(descriptor);
        return say_changed(input, err);
    }
    *ret_descriptor = descriptor;
    return PS_OK;
}

enum ps_status ps_input_read(const struct ps_input *const input, const int descriptor,
                             const int64_t from, char *const room, const size_t size,
                             struct ps_error *const err)
{
    size_t done = 0;
    while (done < size) {
        const ssize_t got = pread(descriptor, room + done, size - done, from + (int64_t)done);
        if (got == 0) {
            return say_changed(input, err);
        }
        if (got < 0 && errno != EINTR) {
            return ps_error_set_errno(err, PS_E_IO, errno, "could not read '%s'", input->name);
        }
        done += got > 0 ? (size_t)got : 0;
    }
    return PS_OK;
}
