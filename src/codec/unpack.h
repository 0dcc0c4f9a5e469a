/*
 * unpack - gzip and zstd as a stream: bytes in, bytes out, with caps against bombs.
 *
 * What a stream is, its first bytes say, never its name. Several members (gzip) or frames (zstd)
 * one after another are one stream, as `cat a.gz b.gz` makes. Caps: PS_UNPACKED_BYTES_MAX,
 * PS_UNPACKED_RATIO_MAX.
 *
 * Owner: the caller frees. Threads: one at a time.
 *
 *     struct ps_unpacker *unpacker PS_CLEANUP(ps_unpacker_free_auto) = ps_unpacker_new(packing);
 *     ... ps_unpacker_step() until all input is taken and nothing more is made ...
 *     if (!ps_unpacker_is_whole(unpacker)) { ... the stream was cut ... }
 */
#ifndef PS_CODEC_UNPACK_H
#define PS_CODEC_UNPACK_H

#include "base/status.h"
#include "base/str.h"

enum ps_packing { PS_PACKING_NONE, PS_PACKING_GZIP, PS_PACKING_ZSTD };

/* How many first bytes ps_packing_of needs at most. */
#define PS_PACKING_MAGIC_SIZE 4

/* By the first bytes: 1F 8B is gzip, 28 B5 2F FD zstd. */
enum ps_packing ps_packing_of(struct ps_str first_bytes);

/* "gzip", "zstd", "plain". */
const char *ps_packing_name(enum ps_packing packing);

struct ps_unpacker;

/* Not for PS_PACKING_NONE. */
struct ps_unpacker *ps_unpacker_new(enum ps_packing packing);
struct ps_unpacker *ps_unpacker_free(struct ps_unpacker *unpacker);
void ps_unpacker_free_auto(struct ps_unpacker **unpacker);

/*
 * Takes bytes from the front of *input (which then holds the rest) and makes at most `room_size`.
 * Nothing made and nothing left: give more input. PS_E_INPUT: these bytes are not such a stream.
 * PS_E_TOO_LARGE: a cap.
 */
PS_MUST_CHECK enum ps_status ps_unpacker_step(struct ps_unpacker *unpacker, struct ps_str *input,
                                              char *room, size_t room_size, size_t *ret_made,
                                              struct ps_error *err);

/* All that was begun has ended. */
PS_MUST_CHECK bool ps_unpacker_is_whole(const struct ps_unpacker *unpacker);

#endif
