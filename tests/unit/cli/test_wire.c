/*
 * Goal: the real adapters are put together as options and settings say, and what cannot work is
 * said before anything is sent. Method: local runs with a real emulator; AWS runs whose environment
 * lacks or has what they need. Nothing leaves the machine.
 */
#include "cli/wire.h"

#include "cli_scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct ps_settings aws_settings(void)
{
    struct ps_settings settings;
    ps_settings_init(&settings);
    struct ps_lane lane;
    ps_lane_init(&lane, "main");
    (void)strncpy(lane.region, "us-west-2", sizeof(lane.region) - 1);
    (void)ps_settings_add_lane(&settings, &lane, PS_STR("bucket"), PS_STR(""));
    return settings;
}

static enum ps_status check(const char *const more, const char *const value,
                            struct ps_error *const err)
{
    struct ps_options options;
    struct ps_settings settings = aws_settings();
    cli_options(&options, "run", "in", more, value, NULL);
    const enum ps_status status = ps_wire_check(&options, &settings, err);
    ps_options_release(&options);
    ps_settings_release(&settings);
    return status;
}

static void keys(void)
{
    assert_int_equal(setenv("AWS_ACCESS_KEY_ID", "AKIA", 1), 0);
    assert_int_equal(setenv("AWS_SECRET_ACCESS_KEY", "secret-canary", 1), 0);
}

static void what_is_missing_is_said_before_anything_is_sent(void **state)
{
    (void)state;
    struct cli_scene scene;
    struct ps_error err;
    cli_scene_init(&scene);
    assert_int_equal(check(NULL, NULL, &err), PS_E_DENIED);
    assert_non_null(strstr(err.hint, "AWS_ACCESS_KEY_ID"));
    keys();
    assert_int_equal(check(NULL, NULL, &err), PS_OK);
    assert_int_equal(check("--profile", "nobody", &err), PS_E_USAGE);
    assert_int_equal(check("--endpoint-url", "http://example.com", &err), PS_E_USAGE);
    assert_null(strstr(err.message, "secret-canary"));
    assert_int_equal(check("--endpoint-url", "http://127.0.0.1:1", &err), PS_OK);
    cli_scene_release(&scene);
}

static void a_fast_clock_belongs_to_loopback(void **state)
{
    (void)state;
    struct cli_scene scene;
    struct ps_error err;
    cli_scene_init(&scene);
    keys();
    assert_int_equal(setenv("PENSTOCK_CLOCK", "1700000000000,600", 1), 0);
    assert_int_equal(check("--endpoint-url", "http://127.0.0.1:1", &err), PS_OK);
    assert_int_equal(check("--endpoint-url", "http://localhost:1", &err), PS_OK);
    assert_int_equal(check("--endpoint-url", "https://example.com", &err), PS_E_USAGE);
    assert_int_equal(check(NULL, NULL, &err), PS_E_USAGE);
    assert_non_null(strstr(err.message, "PENSTOCK_CLOCK"));
    assert_int_equal(setenv("PENSTOCK_CLOCK", "nonsense", 1), 0);
    assert_int_equal(check("--endpoint-url", "http://127.0.0.1:1", &err), PS_E_USAGE);
    cli_scene_release(&scene);
}

static void add_host(const char *const url, struct ps_buf *const host)
{
    struct ps_options options;
    struct ps_settings settings = aws_settings();
    struct ps_error err;
    struct ps_clock clock;
    struct ps_world world;
    struct ps_wire *wire = NULL;
    cli_options(&options, "run", "in", url == NULL ? NULL : "--endpoint-url", url, NULL);
    assert_int_equal(ps_wire_new(&options, &settings, NULL, &wire, &err), PS_OK);
    assert_int_equal(ps_clock_init(&clock, PS_STR(""), &err), PS_OK);
    assert_int_equal(
        ps_wire_world(wire, &settings, (struct ps_streams){NULL, NULL}, &clock, &world, &err),
        PS_OK);
    ps_buf_clear(host);
    ps_wire_add_host(wire, 0, host);
    assert_null(ps_wire_free(wire));
    ps_options_release(&options);
    ps_settings_release(&settings);
}

static void the_pinned_host_has_a_port_only_outside_this_machine(void **state)
{
    (void)state;
    struct cli_scene scene;
    struct ps_buf host PS_CLEANUP(ps_buf_release);
    cli_scene_init(&scene);
    ps_buf_init(&host, 1024);
    keys();
    add_host("http://127.0.0.1:4566", &host);
    assert_string_equal(ps_buf_text(&host), "127.0.0.1");
    add_host("https://example.com:8443", &host);
    assert_string_equal(ps_buf_text(&host), "example.com:8443");
    add_host(NULL, &host);
    assert_string_equal(ps_buf_text(&host), "bedrock.us-west-2.amazonaws.com");
    cli_scene_release(&scene);
}

static void a_local_run_brings_its_own_cloud(void **state)
{
    (void)state;
    struct cli_scene scene;
    struct ps_options options;
    struct ps_error err;
    struct ps_wire *wire = NULL;
    struct ps_settings settings = aws_settings();
    cli_scene_init(&scene);
    /* What the environment says of AWS is not meant for it. */
    assert_int_equal(setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1", 1), 0);
    settings.is_local = true;
    settings.speed = 600;
    cli_options(&options, "run", "in", "--local", NULL);
    assert_int_equal(ps_wire_new(&options, &settings, scene.folder, &wire, &err), PS_OK);
    assert_non_null(strstr(ps_wire_clock_spec(wire), ",600"));
    assert_non_null(strstr(ps_wire_local_role(wire), "arn:aws:iam::"));
    char *bucket PS_CLEANUP(ps_str_free_auto) = NULL;
    char *again PS_CLEANUP(ps_str_free_auto) = NULL;
    char *elsewhere PS_CLEANUP(ps_str_free_auto) = NULL;
    assert_int_equal(ps_wire_local_bucket(wire, "us-east-1", &bucket, &err), PS_OK);
    assert_int_equal(ps_wire_local_bucket(wire, "eu-west-1", &elsewhere, &err), PS_OK);
    assert_non_null(strstr(elsewhere, "-eu-west-1"));
    assert_null(ps_wire_free(wire));
    /* It comes back with what it was. */
    assert_int_equal(ps_wire_new(&options, &settings, scene.folder, &wire, &err), PS_OK);
    assert_int_equal(ps_wire_local_bucket(wire, "us-east-1", &again, &err), PS_OK);
    assert_string_equal(again, bucket);
    free(again);
    assert_int_equal(ps_wire_local_bucket(wire, "eu-west-1", &again, &err), PS_OK);
    assert_string_equal(again, elsewhere);
    assert_null(ps_wire_free(wire));
    assert_null(ps_wire_free(NULL));
    ps_options_release(&options);
    ps_settings_release(&settings);
    cli_scene_release(&scene);
}

static void a_local_cloud_has_the_limits_of_the_lane(void **state)
{
    (void)state;
    struct cli_scene scene;
    struct ps_options options;
    struct ps_error err;
    struct ps_wire *wire = NULL;
    struct ps_settings settings = aws_settings();
    char text[1024] = "";
    cli_scene_init(&scene);
    settings.is_local = true;
    settings.speed = 600;
    ps_lane_init(&settings.lanes[0], "main");
    assert_int_equal(
        ps_lane_parse(
            &settings.lanes[0],
            PS_STR("region=us-east-1,jobs=3,tpm=3M,tpd=50M,reset=23:05Z,startup=90s,rps=20,"
                   "rps_counts=calls,behaviour=refuse,context=200k,out_bytes=50MB,"
                   "burndown=5"),
            &err),
        PS_OK);
    cli_options(&options, "run", "in", "--local", NULL);
    assert_int_equal(ps_wire_new(&options, &settings, scene.folder, &wire, &err), PS_OK);
    char *path PS_CLEANUP(ps_str_free_auto) = cli_path(&scene, "emulator.limits");
    FILE *const file = fopen(path, "re");
    assert_non_null(file);
    assert_non_null(fgets(text, sizeof(text), file));
    assert_int_equal(fclose(file), 0);
    assert_string_equal(text, "name=main,kind=batch,rps_counts=calls,behaviour=refuse,jobs=3,"
                              "context=200000,out_bytes=50000000,rps=20,tpm=3000000,tpd=50000000,"
                              "reset=23:05Z,startup=90000ms,burndown=5\n");
    assert_null(ps_wire_free(wire));
    ps_options_release(&options);
    ps_settings_release(&settings);
    cli_scene_release(&scene);
}

static void the_region_is_asked_as_the_aws_command_line_does(void **state)
{
    (void)state;
    struct cli_scene scene;
    struct ps_options options;
    struct ps_error err;
    char *region = NULL;
    cli_scene_init(&scene);
    cli_options(&options, "run", "in", NULL);
    assert_int_equal(ps_wire_region(&options, &region, &err), PS_OK);
    assert_null(region);
    assert_int_equal(setenv("AWS_REGION", "eu-north-1", 1), 0);
    assert_int_equal(ps_wire_region(&options, &region, &err), PS_OK);
    assert_string_equal(region, "eu-north-1");
    free(region);
    ps_options_release(&options);
    cli_scene_release(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_missing_is_said_before_anything_is_sent),
        cmocka_unit_test(a_fast_clock_belongs_to_loopback),
        cmocka_unit_test(the_pinned_host_has_a_port_only_outside_this_machine),
        cmocka_unit_test(a_local_run_brings_its_own_cloud),
        cmocka_unit_test(a_local_cloud_has_the_limits_of_the_lane),
        cmocka_unit_test(the_region_is_asked_as_the_aws_command_line_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
