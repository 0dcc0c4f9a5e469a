/*
 * Goal: an emulator starts, says where it is, goes on after a restart and after kill -9, and never
 * shares its folder. Method: starts and stops; a child process that is killed in the middle of what
 * it does.
 */
#include "emu/emulator.h"

#include "client.h"

#include "../sim/folder.h"
#include "base/buf.h"
#include "os/clock.h"

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define MODEL "amazon.nova-pro-v1:0"

static void the_env_file_says_where_it_is(void **state)
{
    (void)state;
    struct client client PS_CLEANUP(client_stop);
    struct stat facts;
    char line[256];
    client_start(&client, 600, NULL, NULL);
    char *text PS_CLEANUP(ps_str_free_auto) = test_file_read(client.folder, "env");
    assert_int_equal(stat(client.env_path, &facts), 0);
    assert_int_equal(facts.st_mode & 0777, 0600);
    (void)snprintf(line, sizeof line, "export AWS_ENDPOINT_URL=http://127.0.0.1:%lld\n",
                   (long long)ps_emulator_port(client.emulator));
    assert_non_null(strstr(text, line));
    assert_non_null(strstr(text, "export AWS_REGION=us-east-1\n"));
    (void)snprintf(line, sizeof line, "export PENSTOCK_CLOCK=%s\n",
                   ps_emulator_clock(client.emulator));
    assert_non_null(strstr(text, line));
    assert_non_null(strstr(line, ",600\n"));
    (void)snprintf(line, sizeof line, "export PENSTOCK_ROLE_ARN=%s\n",
                   ps_emulator_role_arn(client.emulator));
    assert_non_null(strstr(text, line));
    assert_non_null(strstr(text, ps_emulator_caller_role_arn(client.emulator)));
    assert_non_null(strstr(text, ps_emulator_bucket(client.emulator)));
    assert_non_null(strstr(text, ps_emulator_access_key_id(client.emulator)));
}

static void real_time_names_no_clock(void **state)
{
    (void)state;
    struct client client PS_CLEANUP(client_stop);
    client_start(&client, 0, NULL, NULL);
    char *text PS_CLEANUP(ps_str_free_auto) = test_file_read(client.folder, "env");
    assert_null(strstr(text, "PENSTOCK_CLOCK"));
    assert_string_equal(ps_emulator_clock(client.emulator), "");
}

static void a_restart_goes_on_as_the_same_account(void **state)
{
    (void)state;
    struct client client PS_CLEANUP(client_stop);
    char clock[64];
    client_start(&client, 600, NULL, NULL);
    char *account PS_CLEANUP(ps_str_free_auto) =
        ps_str_dup(ps_str_of(ps_emulator_account_id(client.emulator)));
    (void)snprintf(clock, sizeof clock, "%s", ps_emulator_clock(client.emulator));
    assert_int_equal(client_put(&client, "k", "hello"), 200);
    client_restart(&client);
    assert_string_equal(ps_emulator_account_id(client.emulator), account);
    assert_string_equal(ps_emulator_clock(client.emulator), clock);
    struct reply got PS_CLEANUP(reply_release) = client_get(&client, "k");
    assert_string_equal(got.body, "hello");
    char *ledger PS_CLEANUP(ps_str_free_auto) = test_file_read(client.folder, "ledger.json");
    assert_non_null(strstr(ledger, "\"PutObject\":1"));
}

static void a_new_folder_draws_from_the_seed_and_keeps_it(void **state)
{
    (void)state;
    char *folder PS_CLEANUP(ps_str_free_auto) = test_folder_new();
    for (int64_t seed = 7; seed < 9; seed++) {
        struct ps_emulator *emulator = NULL;
        struct ps_error err;
        const struct ps_emulator_options options = {.data_folder = folder, .seed = seed};
        assert_int_equal(ps_emulator_start(&options, &emulator, &err), PS_OK);
        emulator = ps_emulator_stop(emulator);
        char *identity PS_CLEANUP(ps_str_free_auto) = test_file_read(folder, "identity.json");
        assert_non_null(strstr(identity, "\"seed\":7,"));
    }
    test_folder_remove(folder);
}

static void a_folder_has_one_emulator(void **state)
{
    (void)state;
    struct client client PS_CLEANUP(client_stop);
    struct ps_emulator *other = NULL;
    struct ps_error err;
    client_start(&client, 1, NULL, NULL);
    const struct ps_emulator_options options = {.data_folder = client.folder};
    assert_int_equal(ps_emulator_start(&options, &other, &err), PS_E_CONFLICT);
    assert_non_null(strstr(err.message, "another emulator does"));
    assert_null(other);
}

static void a_port_has_one_emulator(void **state)
{
    (void)state;
    struct client client PS_CLEANUP(client_stop);
    struct ps_emulator *other = NULL;
    struct ps_error err;
    client_start(&client, 1, NULL, NULL);
    char *const folder = test_folder_new();
    const struct ps_emulator_options options = {.data_folder = folder,
                                                .port = ps_emulator_port(client.emulator)};
    assert_int_equal(ps_emulator_start(&options, &other, &err), PS_E_IO);
    assert_non_null(strstr(err.message, "could not listen on port"));
    assert_non_null(strstr(err.message, "in use"));
    assert_null(other);
    test_folder_remove(folder);
    free(folder);
}

static void wrong_options_say_what_is_wrong(void **state)
{
    (void)state;
    char *const folder = test_folder_new();
    const struct {
        struct ps_emulator_options options;
        enum ps_status status;
    } rows[] = {
        {{.data_folder = folder, .faults = "explode:put"}, PS_E_USAGE},
        {{.data_folder = folder, .limits_file = "/nowhere/limits"}, PS_E_USAGE},
        {{.data_folder = folder, .port = 70000}, PS_E_USAGE},
        {{.data_folder = folder, .env_file = "/nowhere/env"}, PS_E_IO},
        {{.data_folder = folder, .ledger_file = "/nowhere/ledger"}, PS_E_IO},
        {{.data_folder = "/nowhere/data"}, PS_E_IO},
    };
    for (size_t index = 0; index < sizeof rows / sizeof rows[0]; index++) {
        struct ps_emulator *emulator = NULL;
        struct ps_error err = {.message = ""};
        assert_int_equal(ps_emulator_start(&rows[index].options, &emulator, &err),
                         rows[index].status);
        assert_true(err.message[0] != '\0');
        assert_null(emulator);
    }
    assert_true(strlen(ps_emulator_faults_help()) > 100);
    test_folder_remove(folder);
    free(folder);
}

/* ---- kill -9 ---- */

static void wait_ms(const long real_ms)
{
    const struct timespec time = {real_ms / 1000, real_ms % 1000 * 1000000};
    (void)nanosleep(&time, NULL);
}

/* Starts an emulator in a process of its own; its address goes through the env file. */
static pid_t start_child(const struct client *const client)
{
    const pid_t child = fork();
    if (child == 0) {
        struct ps_emulator *emulator = NULL;
        const struct ps_emulator_options options = {.data_folder = client->folder,
                                                    .speed = 2000,
                                                    .limits_file = client->limits_path,
                                                    .env_file = client->env_path};
        if (ps_emulator_start(&options, &emulator, NULL) != PS_OK) {
            _exit(1);
        }
        for (;;) {
            (void)pause();
        }
    }
    return child;
}

static void create_body(const struct client *const client, const char *const name,
                        char ret_body[const 1024])
{
    (void)snprintf(
        ret_body, 1024,
        "{\"jobName\":\"%s\",\"clientRequestToken\":\"%s\",\"roleArn\":\"%s\",\"modelId\":\"" MODEL
        "\",\"inputDataConfig\":{\"s3InputDataConfig\":{\"s3Uri\":\"s3://%s/r/in/%s/\"}},"
        "\"outputDataConfig\":{\"s3OutputDataConfig\":{\"s3Uri\":\"s3://%s/r/out/\"}}}",
        name, name, ps_emulator_role_arn(client->emulator), ps_emulator_bucket(client->emulator),
        name, ps_emulator_bucket(client->emulator));
}

/* Puts an input of 30 records and creates a job over it. */
static void make_job(const struct client *const client, const int number)
{
    struct ps_buf lines PS_CLEANUP(ps_buf_release);
    char name[64];
    char key[128];
    char body[1024];
    ps_buf_init(&lines, 1000000);
    (void)snprintf(name, sizeof name, "j%d", number);
    (void)snprintf(key, sizeof key, "r/in/j%d/x.jsonl", number);
    for (int record = 0; record < 30; record++) {
        ps_buf_add_format(
            &lines,
            "{\"recordId\":\"j%d-%d\",\"modelInput\":{\"messages\":[{\"role\":\"user\",\"content\":"
            "[{\"text\":\"%d %d\"}]}]}}\n",
            number, record, number, record);
    }
    assert_int_equal(client_put(client, key, ps_buf_text(&lines)), 200);
    create_body(client, name, body);
    assert_int_equal(client_status(client, &(struct sending){.service = "bedrock",
                                                             .method = "POST",
                                                             .target = "/model-invocation-job",
                                                             .body = ps_str_of(body)}),
                     200);
}

/* True when all of `jobs` have ended within ten seconds. */
static bool wait_for_ends(const struct client *const client, const int jobs)
{
    for (int turn = 0; turn < 200; turn++) {
        if (client_count_events(client, "\"status\":\"Completed\"") == jobs) {
            return true;
        }
        wait_ms(50);
    }
    return false;
}

/*
 * Jobs are made through an emulator of this process; then children take the folder over and are
 * killed at moments that lie all over the jobs' lives, until a last one lets them end.
 */
static void a_kill_loses_nothing_and_repeats_nothing(void **state)
{
    (void)state;
    struct client client PS_CLEANUP(client_stop);
    client_start(&client, 2000, NULL, "min_records=1,startup=100s");
    for (int number = 0; number < 4; number++) {
        make_job(&client, number);
    }
    client.emulator = ps_emulator_stop(client.emulator);
    for (int turn = 0; turn < 30; turn++) {
        const pid_t child = start_child(&client);
        assert_true(child > 0);
        wait_ms(3 + turn % 7 * 4);
        assert_int_equal(kill(child, SIGKILL), 0);
        assert_int_equal(waitpid(child, NULL, 0), child);
    }
    client_restart(&client);
    assert_true(wait_for_ends(&client, 4));
    assert_int_equal(client_count_events(&client, "\"event\":\"job.created\""), 4);
    assert_int_equal(client_count_events(&client, "\"event\":\"record\""), 120);
    client_restart(&client);
    char *ledger PS_CLEANUP(ps_str_free_auto) = test_file_read(client.folder, "ledger.json");
    assert_non_null(strstr(ledger, "\"records_billed\":120,\"processed_twice\":0,"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_env_file_says_where_it_is),
        cmocka_unit_test(real_time_names_no_clock),
        cmocka_unit_test(a_restart_goes_on_as_the_same_account),
        cmocka_unit_test(a_new_folder_draws_from_the_seed_and_keeps_it),
        cmocka_unit_test(a_folder_has_one_emulator),
        cmocka_unit_test(a_port_has_one_emulator),
        cmocka_unit_test(wrong_options_say_what_is_wrong),
        cmocka_unit_test(a_kill_loses_nothing_and_repeats_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
