/*
 * index_scene - inputs in a folder of a test's own, and the real index made of them.
 *
 *     struct scene scene;
 *     scene_init(&scene);
 *     scene_add(&scene, "in.jsonl", PS_STR("{\"prompt\":\"a\"}\n"));
 *     scene_build(&scene);
 *     ... scene.index, scene.source, scene.summary ...
 *     scene_release(&scene);
 */
#ifndef PS_TEST_INDEX_SCENE_H
#define PS_TEST_INDEX_SCENE_H

#include "app/index.h"
#include "app/shard_body.h"
#include "base/buf.h"

#define SCENE_INPUTS_MAX 4
#define SCENE_BYTES_MAX ((size_t)256 << 20)

struct scene {
    char *folder; /* the inputs' */
    char *run;    /* the index's, in it */
    char *paths[SCENE_INPUTS_MAX];
    const char *inputs[SCENE_INPUTS_MAX];
    struct ps_index_options options; /* Claude, two threads; change it before the build */
    struct ps_index_summary summary;
    struct ps_index *index;
    struct ps_source *source;
    struct ps_error err;
};

void scene_init(struct scene *scene);
void scene_release(struct scene *scene);

/* One more input. */
void scene_add(struct scene *scene, const char *name, struct ps_str bytes);

/* Builds; the index's files may be there or not. */
enum ps_status scene_try(struct scene *scene);

/* Builds, which must go well, and opens index and source. */
void scene_build(struct scene *scene);

/* Closes what was opened; the files stay. */
void scene_close(struct scene *scene);

struct ps_record_words scene_words(const struct scene *scene, int64_t record);

/* A whole body, read `step` bytes at a time, held against ps_shard_facts. */
void scene_read_body(struct scene *scene, const struct ps_shard_records *records, size_t step,
                     struct ps_buf *to);

/* All that is sent. */
void scene_read_all(struct scene *scene, struct ps_buf *to);

void assert_str(struct ps_str seen, const char *wanted);

/* Is `needle` in it? */
bool str_holds(struct ps_str text, const char *needle);

/* `plain` packed: "gz" or "zst". */
void pack(const char *packing, struct ps_str plain, struct ps_buf *to);

#endif
