/*
 * options - the command line, read by the one table of options.def.
 *
 *     if (ps_options_parse(&options, argc, argv, err) != PS_OK) { ... exit 2 ... }
 *
 * Owner: the caller embeds it; ps_options_release frees. Texts are views of argv and of the table.
 */
#ifndef PS_CLI_OPTIONS_H
#define PS_CLI_OPTIONS_H

#include "base/buf.h"
#include "base/many.h"
#include "base/status.h"

#include <stdint.h>

/* A bit a command. */
enum ps_command_bit {
#define COMMAND(bit, name, function, arguments, line, is_shown) PS_COMMAND_PLACE_##bit,
#include "cli/commands.def"
#undef COMMAND
    PS_COMMAND_COUNT
};

/* What an option that may be repeated was given, in order. */
struct ps_texts {
    const char **texts; /* of `count`; the caller of ps_options_release frees nothing else */
    int64_t count;
};

struct ps_options {
    enum ps_command_bit command;
    const char **arguments; /* what stands without an option */
    int64_t argument_count;
    char *lanes_of_files; /* owned: some texts of `lanes` are views of it (cli/lane_files) */
#define FIELD_FLAG(field) bool field;
#define FIELD_TEXT(field) const char *field;
#define FIELD_COUNT(field) int64_t field;
#define FIELD_TIME(field) int64_t field;
#define FIELD_DECIMAL(field) int64_t field;
#define FIELD_MANY(field) struct ps_many field;
#define FIELD_LIST(field) struct ps_texts field;
#define FIELD_BYTES(field) int64_t field;
#define FIELD_DAYTIME(field) int64_t field;
#define OPTION(kind, field, long_name, short_name, value, standard, commands, help) \
    FIELD_##kind(field) bool has_##field;
#include "cli/options.def"
#undef OPTION
};

/* Texts that were not given are NULL; other defaults are the table's. PS_E_USAGE names the option
 * and what it takes. */
PS_MUST_CHECK enum ps_status ps_options_parse(struct ps_options *options, int argc, char **argv,
                                              struct ps_error *err);
void ps_options_release(struct ps_options *options);

/* What the tables say, for help, man page and completion. */
struct ps_option_row {
    const char *long_name;
    char short_name;
    const char *value;
    const char *standard;
    uint32_t commands;
    const char *help;
};

struct ps_command_row {
    const char *name;
    int (*run)(const struct ps_options *options);
    const char *arguments;
    const char *line;
    bool is_shown;
};

/* Does the command take it? */
bool ps_option_is_of(const struct ps_option_row *row, enum ps_command_bit command);

/* Was it on the command line? */
bool ps_option_is_given(const struct ps_options *options, int64_t row);

/* Appends its value as one would write it; nothing where it has none. */
void ps_option_add_value(struct ps_buf *buf, const struct ps_options *options, int64_t row);

extern const struct ps_option_row ps_option_rows[];
extern const int64_t ps_option_row_count;
extern const struct ps_command_row ps_command_rows[PS_COMMAND_COUNT];

#endif
