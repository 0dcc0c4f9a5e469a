/*
 * cli_scene - a home of its own for a test, and the program called in it as a shell would.
 *
 *     struct cli_scene scene;
 *     cli_scene_init(&scene);
 *     cli_write(&scene, "in.jsonl", PS_STR("{\"prompt\":\"a\"}\n"));
 *     assert_int_equal(cli_call(&scene, "runs", NULL), 0);
 *     ... scene.out, scene.err ...
 *     cli_scene_release(&scene);
 */
#ifndef PS_TEST_CLI_SCENE_H
#define PS_TEST_CLI_SCENE_H

#include "base/buf.h"
#include "cli/options.h"

#define CLI_MODEL "us.anthropic.claude-haiku-4-5-20251001-v1:0"

/* So few records that small inputs make several jobs. */
#define CLI_LANE "min_records=5,job_records=10,shard_records=5,jobs=2"

struct cli_scene {
    char *folder; /* HOME; XDG_STATE_HOME is `state` in it; nothing of AWS is in the environment */
    struct ps_buf out;
    struct ps_buf err;
};

void cli_scene_init(struct cli_scene *scene);
void cli_scene_release(struct cli_scene *scene);

/* Runs the program with these words (the last is NULL); what it wrote is in `out` and `err`. */
int cli_call(struct cli_scene *scene, const char *first, ...);

/* A file in the folder; the path of one, as heap text. */
void cli_write(const struct cli_scene *scene, const char *name, struct ps_str bytes);
char *cli_path(const struct cli_scene *scene, const char *name);

/* `count` different prompts in the simple dialect. */
void cli_write_prompts(const struct cli_scene *scene, const char *name, int count);

/* Parses the words into options, which must go well. */
void cli_options(struct ps_options *options, const char *first, ...);

/* `run NAME.jsonl -o out.jsonl --local` with the small lane and --name NAME, of `count` prompts. */
int cli_run_local(struct cli_scene *scene, const char *name, int count);

bool cli_holds(const struct ps_buf *text, const char *part);

#endif
