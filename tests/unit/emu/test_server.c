/* Goal: HTTP as clients really speak it: kept connections, 100-continue, chunks, large bodies,
 * rubbish. Method: bytes. */
#include "emu/server.h"

#include "client.h"

#include "base/buf.h"

#include <pthread.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static int count_of(const char *const text, const char *const part)
{
    int count = 0;
    for (const char *at = strstr(text, part); at != NULL; at = strstr(at + 1, part)) {
        count++;
    }
    return count;
}

static void a_connection_carries_many_requests(void **state)
{
    (void)state;
    struct client client PS_CLEANUP(client_stop);
    struct ps_buf bytes PS_CLEANUP(ps_buf_release);
    char path[512];
    size_t size = 0;
    ps_buf_init(&bytes, 1000000);
    client_start(&client, 1, NULL, NULL);
    for (int index = 0; index < 5; index++) {
        const struct sending sending = {
            .method = "PUT", .target = client_path(&client, "k", path), .body = PS_STR("hello")};
        char *request PS_CLEANUP(ps_str_free_auto) =
            client_request(&client, &sending, index < 4 ? "keep-alive" : "close", &size);
        ps_buf_add(&bytes, (struct ps_str){request, size});
    }
    char *answer PS_CLEANUP(ps_str_free_auto) = client_raw(&client, ps_buf_str(&bytes), &size);
    assert_int_equal(count_of(answer, "HTTP/1.1 200"), 5);
}

static void a_body_may_come_in_chunks(void **state)
{
    (void)state;
    struct client client PS_CLEANUP(client_stop);
    char path[512];
    char text[5001];
    memset(text, 'c', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    client_start(&client, 1, NULL, NULL);
    assert_int_equal(
        client_status(&client, &(struct sending){.method = "PUT",
                                                 .target = client_path(&client, "k", path),
                                                 .body = ps_str_of(text),
                                                 .is_chunked = true}),
        200);
    struct reply got PS_CLEANUP(reply_release) = client_get(&client, "k");
    assert_string_equal(got.body, text);
}

static void who_asks_first_is_told(void **state)
{
    (void)state;
    struct client client PS_CLEANUP(client_stop);
    char path[512];
    size_t size = 0;
    client_start(&client, 1, NULL, NULL);
    struct sending sending = {.method = "PUT",
                              .target = client_path(&client, "k", path),
                              .headers = "Expect: 100-continue\n",
                              .body = PS_STR("hello")};
    char *request PS_CLEANUP(ps_str_free_auto) = client_request(&client, &sending, "close", &size);
    const struct ps_str head = {request, size - 5};
    char *answer PS_CLEANUP(ps_str_free_auto) =
        client_raw_in_two(&client, head, PS_STR("hello"), &size);
    assert_int_equal(count_of(answer, "HTTP/1.1 100"), 1);
    assert_int_equal(count_of(answer, "HTTP/1.1 200"), 1);
    /* refused without its body */
    sending.headers = "Expect: 100-continue\nif-none-match: *\n";
    char *again PS_CLEANUP(ps_str_free_auto) = client_request(&client, &sending, "close", &size);
    char *refused PS_CLEANUP(ps_str_free_auto) =
        client_raw(&client, (struct ps_str){again, size - 5}, &size);
    assert_int_equal(count_of(refused, "HTTP/1.1 100"), 0);
    assert_int_equal(count_of(refused, "HTTP/1.1 412"), 1);
}

static void a_large_body_goes_through_the_disk(void **state)
{
    (void)state;
    struct client client PS_CLEANUP(client_stop);
    char path[512];
    const size_t size = (size_t)20 << 20;
    char *bytes PS_CLEANUP(ps_str_free_auto) = malloc(size + 1);
    assert_non_null(bytes);
    for (size_t at = 0; at < size; at++) {
        bytes[at] = (char)('a' + at * 7 % 26);
    }
    bytes[size] = '\0';
    client_start(&client, 1, NULL, NULL);
    assert_int_equal(
        client_status(&client, &(struct sending){.method = "PUT",
                                                 .target = client_path(&client, "k", path),
                                                 .body = {bytes, size}}),
        200);
    struct reply got PS_CLEANUP(reply_release) = client_get(&client, "k");
    assert_int_equal(got.body_size, size);
    assert_memory_equal(got.body, bytes, size);
}

static void rubbish_does_no_harm(void **state)
{
    (void)state;
    static const char *const bytes[] = {
        "rubbish\r\n\r\n",
        "GET /%zz%00 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        "POST /model-invocation-job HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\nConnection: "
        "close\r\n\r\n",
    };
    struct client client PS_CLEANUP(client_stop);
    size_t size = 0;
    client_start(&client, 1, NULL, NULL);
    for (size_t index = 0; index < sizeof bytes / sizeof bytes[0]; index++) {
        char *answer PS_CLEANUP(ps_str_free_auto) =
            client_raw(&client, ps_str_of(bytes[index]), &size);
        assert_int_equal(count_of(answer, "HTTP/1.1 200"), 0);
    }
    assert_int_equal(client_put(&client, "k", "still here"), 200);
}

static void *put_many(void *const context)
{
    const struct client *const client = context;
    for (int index = 0; index < 20; index++) {
        char key[64];
        (void)snprintf(key, sizeof key, "t/%lx-%d", (unsigned long)pthread_self(), index);
        if (client_put(client, key, "hello") != 200) {
            return "failed";
        }
    }
    return NULL;
}

static void many_speak_at_once(void **state)
{
    (void)state;
    struct client client PS_CLEANUP(client_stop);
    pthread_t threads[8];
    client_start(&client, 1, NULL, NULL);
    for (size_t index = 0; index < 8; index++) {
        assert_int_equal(pthread_create(&threads[index], NULL, put_many, &client), 0);
    }
    for (size_t index = 0; index < 8; index++) {
        void *failure = NULL;
        assert_int_equal(pthread_join(threads[index], &failure), 0);
        assert_null(failure);
    }
    assert_int_equal(client_count_events(&client, "\"event\":\"object.put\""), 160);
    assert_int_equal(client_count_events(&client, "\"op\":\"PutObject\""), 160);
}

static void a_port_that_is_no_port_is_refused(void **state)
{
    (void)state;
    struct ps_emu_server *server = NULL;
    const struct ps_emu_server_options options = {.port = 65536};
    assert_int_equal(ps_emu_server_start(&options, &server, NULL), PS_E_USAGE);
    assert_null(server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_connection_carries_many_requests),
        cmocka_unit_test(a_body_may_come_in_chunks),
        cmocka_unit_test(who_asks_first_is_told),
        cmocka_unit_test(a_large_body_goes_through_the_disk),
        cmocka_unit_test(rubbish_does_no_harm),
        cmocka_unit_test(many_speak_at_once),
        cmocka_unit_test(a_port_that_is_no_port_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
