/*
 * limits - every cap of our own, in one place, with what holds between them.
 *
 * These bound memory and guard against hostile bytes. Limits of the services are data (data/),
 * never here.
 */
#ifndef PS_BASE_LIMITS_H
#define PS_BASE_LIMITS_H

#include <assert.h>
#include <stddef.h>

#define PS_KB ((size_t)1000)
#define PS_MB ((size_t)1000 * PS_KB)

/* One line of input. InvokeModel takes bodies of 25,000,000 bytes; escapes make a line longer. */
#define PS_INPUT_LINE_BYTES_MAX (32 * PS_MB)

/* One line of an output object: the echo and the answer. */
#define PS_OUTPUT_LINE_BYTES_MAX (64 * PS_MB)

/* Nesting of JSON; deeper is refused before it costs stack. */
#define PS_JSON_DEPTH_MAX 128

/* The tree of one JSON text: 16 bytes a value, and the text's copy. Guards against a line of
 * nothing but commas. */
#define PS_JSON_TREE_BYTES_MAX (160 * PS_MB)

/*
 * What one compressed input may become: at most this many bytes, and above UNPACKED_FREE_BYTES at
 * most so many times its size. Prompts that repeat one another pack far better than 100:1, so only
 * bombs meet it.
 */
#define PS_UNPACKED_BYTES_MAX (1000 * 1000 * PS_MB)
#define PS_UNPACKED_FREE_BYTES (1000 * PS_MB)
#define PS_UNPACKED_RATIO_MAX ((size_t)1000)

/* A template: a prompt with places for columns. */
#define PS_TEMPLATE_BYTES_MAX PS_MB

/* An answer of the control plane or of S3's XML: the largest page has 1,000 rows of about 2 KB. */
#define PS_ANSWER_BYTES_MAX (16 * PS_MB)

/* Text that goes to a person: a message, a URL, a path. */
#define PS_TEXT_BYTES_MAX (64 * PS_KB)

/* A request body of the control plane. */
#define PS_REQUEST_BYTES_MAX (64 * PS_KB)

/* Events that a run keeps; older ones go. A row has about 200 bytes. */
#define PS_EVENTS_KEPT_MAX 10000

static_assert(PS_OUTPUT_LINE_BYTES_MAX >= 2 * PS_INPUT_LINE_BYTES_MAX,
              "an output line echoes its input");
static_assert(PS_JSON_TREE_BYTES_MAX >= 4 * PS_INPUT_LINE_BYTES_MAX,
              "a line of ordinary text has a tree of 3.7 times its size at first");
static_assert(PS_TEXT_BYTES_MAX < PS_ANSWER_BYTES_MAX, "a text fits an answer");

#endif
