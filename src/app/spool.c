#include "app/spool.h"

#include "base/assert.h"
#include "base/limits.h"
#include "os/new_file.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define STEP_BYTES ((size_t)1 << 20)

struct spool {
    int descriptor;
    const char *name;
    struct ps_new_file *file;
    struct ps_unpacker *unpacker; /* NULL: plain */
    char *in;                     /* STEP_BYTES each */
    char *out;
};

/* Reads until `room` is full or the end is there: the first bytes decide, so they must be whole. */
static enum ps_status read_step(const struct spool *const spool, size_t *const ret_size,
                                struct ps_error *const err)
{
    size_t done = 0;
    while (done < STEP_BYTES) {
        const ssize_t got = read(spool->descriptor, spool->in + done, STEP_BYTES - done);
        if (got < 0 && errno != EINTR) {
            return ps_error_set_errno(err, PS_E_INPUT, errno, "cannot read '%s'", spool->name);
        }
        if (got == 0) {
            break;
        }
        done += got > 0 ? (size_t)got : 0;
    }
    *ret_size = done;
    return PS_OK;
}

/* Says which input it was, before what the unpacker says. */
static enum ps_status name_input(const struct spool *const spool, struct ps_error *const err)
{
    const struct ps_error inner = *err;
    (void)ps_error_set(err, inner.status, inner.retry, "cannot read '%s': %s", spool->name,
                       inner.message);
    return inner.hint[0] == '\0' ? inner.status : ps_error_hint(err, "%s", inner.hint);
}

static enum ps_status add_unpacked(const struct spool *const spool, const struct ps_str bytes,
                                   struct ps_error *const err)
{
    struct ps_str rest = bytes;
    size_t made = 1;
    while (rest.size > 0 || made > 0) {
        if (ps_unpacker_step(spool->unpacker, &rest, spool->out, STEP_BYTES, &made, err) != PS_OK) {
            return name_input(spool, err);
        }
        if (ps_new_file_add(spool->file, (struct ps_str){spool->out, made}, err) != PS_OK) {
            return err->status;
        }
    }
    return PS_OK;
}

static enum ps_status add_step(struct spool *const spool, const struct ps_str bytes,
                               struct ps_error *const err)
{
    if (spool->unpacker == NULL && ps_new_file_size(spool->file) == 0) {
        const enum ps_packing packing = ps_packing_of(bytes);
        spool->unpacker = packing == PS_PACKING_NONE ? NULL : ps_unpacker_new(packing);
    }
    return spool->unpacker == NULL ? ps_new_file_add(spool->file, bytes, err)
                                   : add_unpacked(spool, bytes, err);
}

static enum ps_status run(struct spool *const spool, struct ps_error *const err)
{
    size_t size = 1;
    while (size > 0) {
        if (read_step(spool, &size, err) != PS_OK ||
            add_step(spool, (struct ps_str){spool->in, size}, err) != PS_OK) {
            return err->status;
        }
    }
    if (spool->unpacker != NULL && !ps_unpacker_is_whole(spool->unpacker)) {
        (void)ps_error_set(err, PS_E_INPUT, PS_RETRY_NEVER,
                           "cannot read '%s': the packed stream is cut", spool->name);
        return ps_error_hint(err, "Fetch or pack the file again.");
    }
    return ps_new_file_commit(spool->file, err);
}

enum ps_status ps_spool_write(const int descriptor, const char *const name, const char *const path,
                              struct ps_error *const err)
{
    struct spool spool = {descriptor, name, NULL, NULL, NULL, NULL};
    if (ps_new_file_begin(path, &spool.file, err) != PS_OK) {
        return err->status;
    }
    spool.in = malloc(STEP_BYTES);
    spool.out = malloc(STEP_BYTES);
    PS_ASSERT(spool.in != NULL);
    PS_ASSERT(spool.out != NULL);
    const enum ps_status status = run(&spool, err);
    free(spool.in);
    free(spool.out);
    (void)ps_unpacker_free(spool.unpacker);
    (void)ps_new_file_free(spool.file);
    return status;
}
