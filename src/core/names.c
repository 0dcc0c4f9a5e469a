#include "core/names.h"

#include "base/limits.h"

#include <inttypes.h>
#include <string.h>

#define RUN_NAME_MAX 40
#define URI_BYTES_MAX 1024
#define BUCKET_BYTES_MIN 3
#define BUCKET_BYTES_MAX 63

void ps_names_add_run_prefix(struct ps_buf *const buf, const struct ps_names *const names)
{
    if (names->prefix.size > 0) {
        ps_buf_add(buf, names->prefix);
        ps_buf_add_text(buf, "/");
    }
    ps_buf_add(buf, names->run);
    ps_buf_add_text(buf, "/");
}

void ps_names_add_in_prefix(struct ps_buf *const buf, const struct ps_names *const names,
                            const int64_t job, const int64_t attempt)
{
    ps_names_add_run_prefix(buf, names);
    ps_buf_add_format(buf, "in/j%08" PRId64 "-a%" PRId64 "/", job, attempt);
}

void ps_names_add_out_prefix(struct ps_buf *const buf, const struct ps_names *const names,
                             const int64_t job, const int64_t attempt)
{
    ps_names_add_run_prefix(buf, names);
    ps_buf_add_format(buf, "out/j%08" PRId64 "-a%" PRId64 "/", job, attempt);
}

void ps_names_add_shard_key(struct ps_buf *const buf, const struct ps_names *const names,
                            const int64_t job, const int64_t attempt, const int64_t shard)
{
    ps_names_add_in_prefix(buf, names, job, attempt);
    ps_buf_add_format(buf, "s%05" PRId64 "/j%08" PRId64 "-a%" PRId64 "-s%05" PRId64 ".jsonl",
                      shard + 1, job, attempt, shard + 1);
}

void ps_names_add_job(struct ps_buf *const buf, const struct ps_names *const names,
                      const int64_t job, const int64_t attempt)
{
    ps_buf_add(buf, names->run);
    ps_buf_add_format(buf, "-j%08" PRId64 "-a%" PRId64, job, attempt);
}

void ps_names_add_uri(struct ps_buf *const buf, const struct ps_names *const names,
                      const struct ps_str key)
{
    ps_buf_add_text(buf, "s3://");
    ps_buf_add(buf, names->bucket);
    ps_buf_add_text(buf, "/");
    ps_buf_add(buf, key);
}

struct numbers {
    int64_t job;
    int64_t attempt;
};

/*
 * Reads "j00000001-a1" and asks whether `add`, given those numbers, writes `text` again: leading
 * zeros and the like are not ours.
 */
static bool parse_numbers(const struct ps_names *const names, const struct ps_str text,
                          const struct ps_str rest,
                          void (*const add)(struct ps_buf *, const struct ps_names *, int64_t,
                                            int64_t),
                          struct numbers *const numbers)
{
    struct ps_buf again PS_CLEANUP(ps_buf_release);
    ps_buf_init(&again, PS_REQUEST_BYTES_MAX);
    const struct ps_str marked = ps_str_part(rest, 1, rest.size);
    const size_t dash = ps_str_find(marked, '-');
    const struct ps_str tail = ps_str_part(marked, dash, marked.size);
    if (!ps_str_starts_with(rest, PS_STR("j")) || !ps_str_starts_with(tail, PS_STR("-a")) ||
        !ps_str_to_i64(ps_str_part(marked, 0, dash), &numbers->job) ||
        !ps_str_to_i64(ps_str_part(tail, 2, tail.size), &numbers->attempt) || numbers->job < 1 ||
        numbers->attempt < 1) {
        return false;
    }
    add(&again, names, numbers->job, numbers->attempt);
    return ps_str_equals(ps_buf_str(&again), text);
}

bool ps_names_parse_job(const struct ps_names *const names, const struct ps_str name,
                        int64_t *const ret_job, int64_t *const ret_attempt)
{
    struct numbers numbers = {0, 0};
    const struct ps_str rest = ps_str_part(name, names->run.size + 1, name.size);
    if (!parse_numbers(names, name, rest, ps_names_add_job, &numbers)) {
        return false;
    }
    *ret_job = numbers.job;
    *ret_attempt = numbers.attempt;
    return true;
}

bool ps_names_parse_in_prefix(const struct ps_names *const names, const struct ps_str prefix,
                              int64_t *const ret_job, int64_t *const ret_attempt)
{
    struct numbers numbers = {0, 0};
    struct ps_buf before PS_CLEANUP(ps_buf_release);
    ps_buf_init(&before, PS_REQUEST_BYTES_MAX);
    ps_names_add_run_prefix(&before, names);
    ps_buf_add_text(&before, "in/");
    const struct ps_str inside = ps_str_part(prefix, before.size, prefix.size);
    const struct ps_str rest = ps_str_part(inside, 0, ps_str_find(inside, '/'));
    if (!parse_numbers(names, prefix, rest, ps_names_add_in_prefix, &numbers)) {
        return false;
    }
    *ret_job = numbers.job;
    *ret_attempt = numbers.attempt;
    return true;
}

static bool is_lower_or_digit(const char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9');
}

static bool is_key_byte(const char byte)
{
    return is_lower_or_digit(byte) || (byte >= 'A' && byte <= 'Z') ||
           (byte != '\0' && strchr("-!_*'().", byte) != NULL);
}

static bool is_bucket(const struct ps_str bucket)
{
    if (bucket.size < BUCKET_BYTES_MIN || bucket.size > BUCKET_BYTES_MAX ||
        !is_lower_or_digit(bucket.data[0]) || !is_lower_or_digit(bucket.data[bucket.size - 1])) {
        return false;
    }
    for (size_t place = 0; place < bucket.size; place++) {
        if (!is_lower_or_digit(bucket.data[place]) && bucket.data[place] != '-' &&
            bucket.data[place] != '.') {
            return false;
        }
    }
    return true;
}

static enum ps_status refuse_uri(const struct ps_str uri, const char *const why,
                                 struct ps_error *const err)
{
    (void)ps_error_set(err, PS_E_USAGE, PS_RETRY_NEVER, "cannot use '%.*s': %s", PS_STR_ARGS(uri),
                       why);
    return ps_error_hint(
        err, "It is written s3://BUCKET/PREFIX; in the prefix the service takes only letters, "
             "digits, '/' and - ! _ * ' ( ) . (so no '=', no spaces).");
}

enum ps_status ps_names_parse_uri(const struct ps_str uri, struct ps_str *const ret_bucket,
                                  struct ps_str *const ret_prefix, struct ps_error *const err)
{
    const struct ps_str rest = ps_str_part(uri, 5, uri.size);
    const size_t slash = ps_str_find(rest, '/');
    const struct ps_str bucket = ps_str_part(rest, 0, slash);
    struct ps_str prefix = ps_str_part(rest, slash + 1, rest.size);
    if (!ps_str_starts_with(uri, PS_STR("s3://")) || uri.size > URI_BYTES_MAX / 2) {
        return refuse_uri(uri, "it is not an s3:// address", err);
    }
    if (!is_bucket(bucket)) {
        return refuse_uri(uri, "that is no bucket name", err);
    }
    if (prefix.size > 1 && prefix.data[prefix.size - 1] == '/') {
        prefix.size--;
    }
    for (size_t place = 0; place < prefix.size; place++) {
        const bool is_empty_part =
            prefix.data[place] == '/' &&
            (place == 0 || place + 1 == prefix.size || prefix.data[place + 1] == '/');
        if (is_empty_part || (prefix.data[place] != '/' && !is_key_byte(prefix.data[place]))) {
            return refuse_uri(
                uri, "its prefix has a character or an empty part that the service refuses", err);
        }
    }
    *ret_bucket = bucket;
    *ret_prefix = prefix;
    return PS_OK;
}

bool ps_names_is_run(const struct ps_str name)
{
    if (name.size == 0 || name.size > RUN_NAME_MAX || !is_lower_or_digit(name.data[0]) ||
        !is_lower_or_digit(name.data[name.size - 1])) {
        return false;
    }
    for (size_t place = 0; place < name.size; place++) {
        if (!is_lower_or_digit(name.data[place]) && name.data[place] != '-') {
            return false;
        }
    }
    return true;
}
