/*
 * put_bench - how dear a put is: shard bodies made from the source, digested, put over HTTP to a
 * sink.
 *
 *     put_bench index FOLDER FILE                 reads FILE once, writes the index into FOLDER
 *     put_bench put FOLDER [SHARD_BYTES] [signed] puts every shard of that index, unsigned unless
 * told
 *
 * The sink is a process of its own on loopback that throws the bytes away; its time is not counted.
 * Plain http: what TLS costs is not in the figures. Prints one JSON object.
 */
#include "app/index.h"
#include "app/shard_body.h"
#include "aws/world_aws.h"
#include "base/assert.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#define CONNECTIONS_MAX 64
#define HEAD_BYTES_MAX 16384
#define MODEL "anthropic.claude-3-haiku-20240307-v1:0"

/* --- the sink ------------------------------------------------------------------------------------
 */

struct connection {
    char head[HEAD_BYTES_MAX + 1];
    size_t head_size;
    size_t left; /* bytes of the body still to come */
};

static struct connection connections[CONNECTIONS_MAX];
static struct pollfd polled[CONNECTIONS_MAX + 1];

static void answer_when_done(const int socket, struct connection *const connection)
{
    static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nETag: \"x\"\r\n\r\n";
    if (connection->left == 0) {
        connection->head_size = 0;
        (void)send(socket, answer, sizeof(answer) - 1, MSG_NOSIGNAL);
    }
}

/* False: the peer has gone. */
static bool take_bytes(const int socket, struct connection *const connection)
{
    if (connection->left > 0) {
        /* MSG_TRUNC: TCP drops the bytes without copying them. */
        const ssize_t size = recv(socket, NULL, connection->left, MSG_TRUNC | MSG_DONTWAIT);
        if (size <= 0) {
            return false;
        }
        connection->left -= (size_t)size;
        answer_when_done(socket, connection);
        return true;
    }
    const ssize_t size = recv(socket, connection->head + connection->head_size,
                              HEAD_BYTES_MAX - connection->head_size, MSG_DONTWAIT);
    if (size <= 0) {
        return false;
    }
    connection->head_size += (size_t)size;
    connection->head[connection->head_size] = '\0';
    const char *const end = strstr(connection->head, "\r\n\r\n");
    if (end == NULL) {
        return true;
    }
    const char *const length = strcasestr(connection->head, "\r\ncontent-length:");
    const size_t body = length == NULL ? 0 : strtoul(length + 17, NULL, 10);
    const size_t have = connection->head_size - (size_t)(end + 4 - connection->head);
    PS_ASSERT(have <= body);
    connection->left = body - have;
    answer_when_done(socket, connection);
    return true;
}

static void run_sink(const int listener)
{
    nfds_t count = 1;
    polled[0] = (struct pollfd){listener, POLLIN, 0};
    for (;;) {
        if (poll(polled, count, -1) < 0) {
            return;
        }
        for (nfds_t index = 1; index < count; index++) {
            if (polled[index].revents != 0 &&
                !take_bytes(polled[index].fd, &connections[index - 1])) {
                (void)close(polled[index].fd);
                polled[index].fd = -1; /* poll leaves it out */
            }
        }
        if (polled[0].revents != 0 && count <= CONNECTIONS_MAX) {
            polled[count] = (struct pollfd){accept(listener, NULL, NULL), POLLIN, 0};
            count++;
        }
    }
}

static pid_t start_sink(char *const url, const size_t url_size)
{
    const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof(address);
    const bool is_bound = bind(listener, (const struct sockaddr *)&address, size) == 0 &&
                          listen(listener, CONNECTIONS_MAX) == 0 &&
                          getsockname(listener, (struct sockaddr *)&address, &size) == 0;
    PS_ASSERT(is_bound);
    (void)snprintf(url, url_size, "http://127.0.0.1:%d", (int)ntohs(address.sin_port));
    /* Ignored children are not counted when somebody asks what this process cost. */
    (void)signal(SIGCHLD, SIG_IGN);
    const pid_t child = fork();
    PS_ASSERT(child >= 0);
    if (child == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        run_sink(listener);
        _exit(0);
    }
    (void)close(listener);
    return child;
}

/* --- the puts ------------------------------------------------------------------------------------
 */

struct shards {
    struct ps_index *index;
    struct ps_source *source;
    struct ps_shard_records *records;
    int64_t count;
};

static enum ps_status open_body(void *const context, const struct ps_wish *const wish,
                                struct ps_body *const ret_body, struct ps_error *const err)
{
    const struct shards *const shards = context;
    const struct ps_shard_records *const records = &shards->records[wish->shard];
    struct ps_shard_facts facts;
    (void)err;
    ps_shard_facts(shards->index, records, &facts);
    *ret_body =
        (struct ps_body){facts.bytes, facts.crc32, ps_shard_body_new(shards->source, records)};
    return PS_OK;
}

static enum ps_status read_body(void *const context, struct ps_body *const body, char *const room,
                                const size_t room_size, size_t *const ret_size,
                                struct ps_error *const err)
{
    (void)context;
    return ps_shard_body_read(body->state, room, room_size, ret_size, err);
}

static void close_body(void *const context, struct ps_body *const body)
{
    (void)context;
    (void)ps_shard_body_free(body->state);
}

static int fail(const struct ps_error *const err)
{
    (void)fprintf(stderr, "%s\n%s\n", err->message, err->hint);
    return 1;
}

/* Records one after another until a shard has its bytes. */
static void cut(struct shards *const shards, const int64_t shard_bytes)
{
    const int64_t record_count = ps_index_count(shards->index);
    shards->records = calloc((size_t)record_count + 1, sizeof(*shards->records));
    PS_ASSERT(shards->records != NULL);
    int64_t bytes = 0;
    int64_t first = 0;
    for (int64_t record = 0; record < record_count; record++) {
        const struct ps_entry *const entry = ps_index_entry(shards->index, record);
        const int64_t added = ps_entry_is_sent(entry) ? entry->sent_bytes : 0;
        if (bytes > 0 && bytes + added > shard_bytes) {
            shards->records[shards->count++] = (struct ps_shard_records){first, record, NULL, 0};
            first = record;
            bytes = 0;
        }
        bytes += added;
    }
    if (bytes > 0) {
        shards->records[shards->count++] = (struct ps_shard_records){first, record_count, NULL, 0};
    }
}

static enum ps_status open_world(struct shards *const shards, const char *const url,
                                 const bool is_signed, const struct ps_clock *const clock,
                                 struct ps_world_aws **const ret_world, struct ps_error *const err)
{
    static const struct ps_streams_ops ops = {open_body, read_body, close_body, NULL};
    static const struct ps_world_aws_lane lane = {.region = "us-east-1", .bucket = "bucket"};
    const struct ps_aws_flags flags = {NULL, NULL, url};
    struct ps_aws_settings settings;
    struct ps_credentials credentials;
    ps_credentials_init(&credentials);
    enum ps_status status = ps_aws_settings_load(&flags, &settings, err);
    if (status != PS_OK) {
        return status;
    }
    status = ps_credentials_set(&credentials, PS_STR("AKID"), PS_STR("secret"), PS_STR(""),
                                "the bench", err);
    if (status == PS_OK) {
        const struct ps_world_aws_options options = {.lanes = &lane,
                                                     .lane_count = 1,
                                                     .settings = &settings,
                                                     .credentials = &credentials,
                                                     .streams = {&ops, shards},
                                                     .clock = clock,
                                                     .multipart_from_bytes = INT64_MAX,
                                                     .is_payload_unsigned = !is_signed};
        status = ps_world_aws_new(&options, ret_world, err);
    }
    ps_credentials_release(&credentials);
    ps_aws_settings_release(&settings);
    return status;
}

/* All shards are wished for at once, as after a long plan; the world takes as many as it does. */
static enum ps_status put_all(const struct shards *const shards, const struct ps_world world,
                              int64_t *const ret_bytes, struct ps_error *const err)
{
    for (int64_t shard = 0; shard < shards->count; shard++) {
        char key[64];
        (void)snprintf(key, sizeof(key), "run/in/s%05lld.jsonl", (long long)shard);
        const struct ps_wish wish = {
            .id = shard, .kind = PS_WISH_PUT_SHARD, .key = ps_str_of(key), .shard = shard};
        world.ops->start(world.context, &wish);
    }
    for (int64_t done = 0; done < shards->count; done++) {
        struct ps_fact fact;
        if (!world.ops->next_fact(world.context, INT64_MAX, &fact) ||
            fact.outcome != PS_OUTCOME_YES) {
            *err = fact.error;
            ps_fact_release(&fact);
            return PS_E_NETWORK;
        }
        struct ps_shard_facts facts;
        ps_shard_facts(shards->index, &shards->records[fact.shard], &facts);
        *ret_bytes += facts.bytes;
        ps_fact_release(&fact);
    }
    return PS_OK;
}

static int64_t cpu_ms(void)
{
    struct rusage usage;
    const int answer = getrusage(RUSAGE_SELF, &usage);
    PS_ASSERT(answer == 0);
    return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000 +
           (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000;
}

static int put(const char *const folder, const int64_t shard_bytes, const bool is_signed)
{
    struct ps_error err;
    struct shards shards = {NULL, NULL, NULL, 0};
    struct ps_clock clock;
    struct ps_world_aws *world_aws = NULL;
    char url[64];
    int64_t bytes = 0;
    const pid_t sink = start_sink(url, sizeof(url));
    if (ps_clock_init(&clock, PS_STR(""), &err) != PS_OK ||
        ps_index_open(folder, &shards.index, &err) != PS_OK ||
        ps_source_open(folder, shards.index, &shards.source, &err) != PS_OK) {
        return fail(&err);
    }
    cut(&shards, shard_bytes);
    const int64_t started_ms = ps_clock_real_monotonic_ms();
    const int64_t cpu_started_ms = cpu_ms();
    if (open_world(&shards, url, is_signed, &clock, &world_aws, &err) != PS_OK ||
        put_all(&shards, ps_world_aws_port(world_aws), &bytes, &err) != PS_OK) {
        return fail(&err);
    }
    struct rusage usage;
    const int answer = getrusage(RUSAGE_SELF, &usage);
    PS_ASSERT(answer == 0);
    (void)printf("{\"shards\":%lld,\"bytes\":%lld,\"wall_ms\":%lld,\"cpu_ms\":%lld,\"peak_kb\":%ld,"
                 "\"signed\":%s}\n",
                 (long long)shards.count, (long long)bytes,
                 (long long)(ps_clock_real_monotonic_ms() - started_ms),
                 (long long)(cpu_ms() - cpu_started_ms), usage.ru_maxrss,
                 is_signed ? "true" : "false");
    world_aws = ps_world_aws_free(world_aws);
    shards.source = ps_source_free(shards.source);
    shards.index = ps_index_free(shards.index);
    free(shards.records);
    (void)kill(sink, SIGKILL);
    (void)waitpid(sink, NULL, 0);
    return 0;
}

static int make_index(const char *const folder, const char *const file)
{
    const char *const inputs[] = {file};
    struct ps_index_options options = {.inputs = inputs, .input_count = 1, .model = MODEL};
    struct ps_index_summary summary;
    struct ps_error err;
    const bool is_known = ps_family_of_model(PS_STR(MODEL), &options.family);
    PS_ASSERT(is_known);
    return ps_index_build(&options, folder, &summary, &err) == PS_OK ? 0 : fail(&err);
}

int main(const int count, char **const words)
{
    int64_t shard_bytes = INT64_C(50000000);
    if (count == 4 && strcmp(words[1], "index") == 0) {
        return make_index(words[2], words[3]);
    }
    const bool is_put = count >= 3 && strcmp(words[1], "put") == 0 &&
                        (count < 4 || ps_str_to_i64(ps_str_of(words[3]), &shard_bytes));
    if (is_put && shard_bytes > 0) {
        return put(words[2], shard_bytes, count >= 5 && strcmp(words[4], "signed") == 0);
    }
    (void)fprintf(stderr,
                  "usage: put_bench index FOLDER FILE | put FOLDER [SHARD_BYTES] [signed]\n");
    return 2;
}
