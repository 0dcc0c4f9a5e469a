#include "app/scratch.h"

#include "base/assert.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum ps_status ps_scratch_file(const char *const folder, int *const ret_file,
                               struct ps_error *const err)
{
    char *path PS_CLEANUP(ps_str_free_auto) = NULL;
    PS_ASSERT(asprintf(&path, "%s/" PS_SCRATCH_PREFIX "XXXXXX", folder) > 0);
    const int file = mkostemp(path, O_CLOEXEC);
    if (file < 0) {
        return ps_error_set_errno(err, PS_E_IO, errno, "could not make a file in '%s'", folder);
    }
    (void)unlink(path);
    *ret_file = file;
    return PS_OK;
}

enum ps_status ps_scratch_init(struct ps_scratch *const scratch, const char *const folder,
                               const size_t size, struct ps_error *const err)
{
    *scratch = (struct ps_scratch){NULL, 0};
    if (size == 0) {
        return PS_OK;
    }
    int file = -1;
    if (ps_scratch_file(folder, &file, err) != PS_OK) {
        return PS_E_IO;
    }
    const int refused = posix_fallocate(file, 0, (off_t)size);
    if (refused != 0) {
        (void)close(file);
        (void)ps_error_set_errno(err, PS_E_IO, refused, "could not reserve %zu bytes in '%s'", size,
                                 folder);
        return PS_E_IO;
    }
    void *const bytes = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    const int error_number = errno;
    (void)close(file);
    if (bytes == MAP_FAILED) {
        return ps_error_set_errno(err, PS_E_IO, error_number, "could not map a file in '%s'",
                                  folder);
    }
    *scratch = (struct ps_scratch){bytes, size};
    return PS_OK;
}

void ps_scratch_release(struct ps_scratch *const scratch)
{
    if (scratch->bytes != NULL) {
        (void)munmap(scratch->bytes, scratch->size);
    }
    *scratch = (struct ps_scratch){NULL, 0};
}
