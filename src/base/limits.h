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

/* An answer of the control plane or of S3's XML: the largest page has 1,000 rows of about 2 KB. */
#define PS_ANSWER_BYTES_MAX (16 * PS_MB)

/* Text that goes to a person: a message, a URL, a path. */
#define PS_TEXT_BYTES_MAX (64 * PS_KB)

/* A request body of the control plane. */
#define PS_REQUEST_BYTES_MAX (64 * PS_KB)

static_assert(PS_OUTPUT_LINE_BYTES_MAX >= 2 * PS_INPUT_LINE_BYTES_MAX,
              "an output line echoes its input");
static_assert(PS_TEXT_BYTES_MAX < PS_ANSWER_BYTES_MAX, "a text fits an answer");

#endif
