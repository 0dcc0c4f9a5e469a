/*
 * sections - reads files of '[section]' and 'key = value' lines, one meaningful line after the
 * other. Pure.
 *
 * Blank lines are skipped, and lines that begin with '#' or ';'; either of them behind a blank
 * begins a comment, too. White space around names and values does not count.
 *
 *     struct ps_sections sections = {.rest = text};
 *     struct ps_section_line line;
 *     while (ps_sections_next(&sections, &line)) { ... line.wrong, line.key, line.value ... }
 *
 * Owner: names and values are views of `text`. Threads: one at a time.
 */
#ifndef PS_CODEC_SECTIONS_H
#define PS_CODEC_SECTIONS_H

#include "base/str.h"

struct ps_sections {
    struct ps_str rest;    /* what is not read yet */
    struct ps_str section; /* where the reader stands */
    int64_t number;        /* of the last line, from 1 */
};

struct ps_section_line {
    struct ps_str section; /* "lane a" of "[lane a]"; "" before the first */
    struct ps_str key;     /* "" where a section begins */
    struct ps_str value;
    int64_t number;
    const char *wrong; /* what is wrong with the line; NULL: nothing, and the rest holds */
};

/* False behind the last line. */
PS_MUST_CHECK bool ps_sections_next(struct ps_sections *sections, struct ps_section_line *ret_line);

/* Without the comment that a blank stands before, and without white space at its ends. */
struct ps_str ps_sections_value(struct ps_str text);

#endif
