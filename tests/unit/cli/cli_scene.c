#include "cli_scene.h"

#include "base/limits.h"
#include "cli/program.h"
#include "../app/folder.h"
#include "os/files.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define WORDS_MAX 40

void cli_scene_init(struct cli_scene *const scene)
{
    static const char *const foreign[] = {
        "AWS_PROFILE",       "AWS_REGION",        "AWS_DEFAULT_REGION",
        "AWS_ENDPOINT_URL",  "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN", "PENSTOCK_CLOCK",    "XDG_CONFIG_HOME"};
    scene->folder = test_folder_new();
    char *state PS_CLEANUP(ps_str_free_auto) = cli_path(scene, "state");
    for (size_t name = 0; name < sizeof(foreign) / sizeof(foreign[0]); name++) {
        assert_int_equal(unsetenv(foreign[name]), 0);
    }
    assert_int_equal(setenv("HOME", scene->folder, 1), 0);
    assert_int_equal(setenv("XDG_STATE_HOME", state, 1), 0);
    ps_buf_init(&scene->out, PS_ANSWER_BYTES_MAX);
    ps_buf_init(&scene->err, PS_ANSWER_BYTES_MAX);
}

void cli_scene_release(struct cli_scene *const scene)
{
    ps_buf_release(&scene->out);
    ps_buf_release(&scene->err);
    test_folder_free_auto(&scene->folder);
}

char *cli_path(const struct cli_scene *const scene, const char *const name)
{
    return ps_files_join(scene->folder, name);
}

void cli_write(const struct cli_scene *const scene, const char *const name,
               const struct ps_str bytes)
{
    test_file_write(scene->folder, name, bytes);
}

void cli_write_prompts(const struct cli_scene *const scene, const char *const name, const int count)
{
    struct ps_buf text PS_CLEANUP(ps_buf_release);
    ps_buf_init(&text, PS_ANSWER_BYTES_MAX);
    for (int number = 0; number < count; number++) {
        ps_buf_add_format(&text, "{\"id\":\"p%d\",\"prompt\":\"Tell me about number %d.\"}\n",
                          number, number);
    }
    cli_write(scene, name, ps_buf_str(&text));
}

/* The words as argv, the program's name before them. */
static int collect(char **const argv, const char *const first, va_list words)
{
    int argc = 0;
    argv[argc++] = ps_str_dup(PS_STR("penstock"));
    for (const char *word = first; word != NULL; word = va_arg(words, const char *)) {
        assert_true(argc < WORDS_MAX);
        argv[argc++] = ps_str_dup(ps_str_of(word));
    }
    argv[argc] = NULL;
    return argc;
}

/* Sends a stream into a file; returns what it was. */
static int redirect(FILE *const stream, const char *const path)
{
    const int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_int_equal(fflush(stream), 0);
    const int kept = dup(fileno(stream));
    assert_true(file >= 0 && kept >= 0 && dup2(file, fileno(stream)) >= 0);
    assert_int_equal(close(file), 0);
    return kept;
}

static void bring_back(FILE *const stream, const int kept, const char *const path,
                       struct ps_buf *const text)
{
    struct ps_error err;
    assert_int_equal(fflush(stream), 0);
    assert_true(dup2(kept, fileno(stream)) >= 0);
    assert_int_equal(close(kept), 0);
    ps_buf_clear(text);
    assert_int_equal(ps_files_read(path, text, &err), PS_OK);
}

int cli_call(struct cli_scene *const scene, const char *const first, ...)
{
    char *argv[WORDS_MAX + 1];
    char *out PS_CLEANUP(ps_str_free_auto) = cli_path(scene, "stdout");
    char *err PS_CLEANUP(ps_str_free_auto) = cli_path(scene, "stderr");
    va_list words;
    va_start(words, first);
    const int argc = collect(argv, first, words);
    va_end(words);
    const int kept_out = redirect(stdout, out);
    const int kept_err = redirect(stderr, err);
    const int status = ps_program_run(argc, argv);
    bring_back(stdout, kept_out, out, &scene->out);
    bring_back(stderr, kept_err, err, &scene->err);
    for (int word = 0; word < argc; word++) {
        free(argv[word]);
    }
    return status;
}

void cli_options(struct ps_options *const options, const char *const first, ...)
{
    static char *argv[WORDS_MAX + 1];
    struct ps_error err;
    va_list words;
    /* The options are views of these: they live until the next call. */
    for (int word = 0; argv[word] != NULL; word++) {
        free(argv[word]);
    }
    va_start(words, first);
    const int argc = collect(argv, first, words);
    va_end(words);
    assert_int_equal(ps_options_parse(options, argc, argv, &err), PS_OK);
}

int cli_run_local(struct cli_scene *const scene, const char *const name, const int count)
{
    struct ps_buf file PS_CLEANUP(ps_buf_release);
    ps_buf_init(&file, 256);
    ps_buf_add_format(&file, "%s.jsonl", name);
    cli_write_prompts(scene, ps_buf_text(&file), count);
    char *input PS_CLEANUP(ps_str_free_auto) = cli_path(scene, ps_buf_text(&file));
    char *output PS_CLEANUP(ps_str_free_auto) = cli_path(scene, "out.jsonl");
    return cli_call(scene, "run", input, "-o", output, "--local", "--model", CLI_MODEL, "--lane",
                    CLI_LANE, "--name", name, NULL);
}

bool cli_holds(const struct ps_buf *const text, const char *const part)
{
    return strstr(ps_buf_text(text), part) != NULL;
}
