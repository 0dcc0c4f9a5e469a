#include "cli/options.h"

#include "base/assert.h"
#include "cli/commands.h"
#include "core/near.h"
#include "codec/units.h"

#include <stdlib.h>
#include <string.h>

/* Bits for the table's `commands` column. */
enum {
#define COMMAND(bit, name, function, arguments, line, is_shown) bit = 1 << PS_COMMAND_PLACE_##bit,
#include "cli/commands.def"
#undef COMMAND
    DRIVERS = RUN | RESUME | TICK | STOP | RETRY,
    PLANS = PLAN | SIMULATE,
    NAMED = STATUS | WATCH | EVENTS | WAIT | RESUME | TICK | STOP | RETRY | RESULTS | VERIFY,
    ALL = (1 << PS_COMMAND_COUNT) - 1
};

/* 'config' tells of what 'run' takes. */
#define WITH_CONFIG(commands) (((commands)&RUN) != 0 ? (commands) | CONFIG : (commands))

const struct ps_option_row ps_option_rows[] = {
#define OPTION(kind, field, long_name, short_name, value, standard, commands, help) \
    {long_name, short_name, value, standard, (uint32_t)WITH_CONFIG(commands), help},
#include "cli/options.def"
#undef OPTION
};

#define ROWS ((int64_t)(sizeof(ps_option_rows) / sizeof(ps_option_rows[0])))
const int64_t ps_option_row_count = ROWS;

const struct ps_command_row ps_command_rows[PS_COMMAND_COUNT] = {
#define COMMAND(bit, name, function, arguments, line, is_shown) \
    [PS_COMMAND_PLACE_##bit] = {name, function, arguments, line, is_shown},
#include "cli/commands.def"
#undef COMMAND
};

/* Decimals are kept in millionths. */
#define MILLION 1000000

/* How a row's field is set; parallel to ps_option_rows. */
struct setter {
    enum { FLAG, TEXT, COUNT, BYTES, TIME, DAYTIME, DECIMAL, MANY, LIST } kind;
    size_t offset;
    size_t has_offset;
};

static const struct setter setters[] = {
#define OPTION(kind, field, long_name, short_name, value, standard, commands, help) \
    {kind, offsetof(struct ps_options, field), offsetof(struct ps_options, has_##field)},
#include "cli/options.def"
#undef OPTION
};

bool ps_option_is_of(const struct ps_option_row *const row, const enum ps_command_bit command)
{
    return (row->commands >> command & 1) != 0;
}

static bool parse_many(const struct ps_str text, struct ps_many *const ret_many)
{
    const bool is_percent = ps_str_ends_with(text, PS_STR("%"));
    int64_t count = 0;
    if (!ps_units_count(ps_str_part(text, 0, text.size - (is_percent ? 1 : 0)), &count) ||
        (is_percent && count > 100)) {
        return false;
    }
    *ret_many = (struct ps_many){count, is_percent};
    return true;
}

static void add_text(struct ps_texts *const list, const char *const text)
{
    list->texts = reallocarray(list->texts, (size_t)list->count + 1, sizeof(list->texts[0]));
    PS_ASSERT(list->texts != NULL);
    list->texts[list->count++] = text;
}

static bool set_value(struct ps_options *const options, const int64_t row, const char *const value)
{
    void *const field = (char *)options + setters[row].offset;
    switch (setters[row].kind) {
    case FLAG:
        *(bool *)field = true;
        return true;
    case TEXT:
        *(const char **)field = value;
        return true;
    case COUNT:
        return ps_units_count(ps_str_of(value), field);
    case BYTES:
        return ps_units_bytes(ps_str_of(value), field);
    case TIME:
        return ps_units_time_ms(ps_str_of(value), field);
    case DAYTIME:
        return ps_units_day_time_ms(ps_str_of(value), field);
    case DECIMAL:
        return ps_units_usd_micros(ps_str_of(value), field); /* millionths of a dollar */
    case LIST:
        add_text(field, value);
        return true;
    default:
        return parse_many(ps_str_of(value), field);
    }
}

bool ps_option_is_given(const struct ps_options *const options, const int64_t row)
{
    return *(const bool *)((const char *)options + setters[row].has_offset);
}

/* Of a list, with spaces between. */
static void add_list(struct ps_buf *const buf, const struct ps_texts *const list)
{
    for (int64_t text = 0; text < list->count; text++) {
        ps_buf_add_format(buf, "%s%s", text == 0 ? "" : " ", list->texts[text]);
    }
}

void ps_option_add_value(struct ps_buf *const buf, const struct ps_options *const options,
                         const int64_t row)
{
    const void *const field = (const char *)options + setters[row].offset;
    if (!ps_option_is_given(options, row)) {
        ps_buf_add_text(buf, ps_option_rows[row].standard);
        return;
    }
    switch (setters[row].kind) {
    case FLAG:
        ps_buf_add_text(buf, "yes");
        break;
    case TEXT:
        ps_buf_add_text(buf, *(const char *const *)field);
        break;
    case LIST:
        add_list(buf, field);
        break;
    case TIME:
        ps_buf_add_format(buf, "%lldms", (long long)*(const int64_t *)field);
        break;
    case DECIMAL:
        ps_buf_add_format(buf, "%lld.%06lld", (long long)*(const int64_t *)field / MILLION,
                          (long long)*(const int64_t *)field % MILLION);
        break;
    case MANY:
        ps_buf_add_format(buf, "%lld%s", (long long)((const struct ps_many *)field)->count,
                          ((const struct ps_many *)field)->is_percent ? "%" : "");
        break;
    default:
        ps_buf_add_format(buf, "%lld", (long long)*(const int64_t *)field);
        break;
    }
}

static enum ps_status refuse_value(const int64_t row, const char *const value,
                                   struct ps_error *const err)
{
    static const char *const forms[] = {
        [FLAG] = "nothing",
        [TEXT] = "a text",
        [COUNT] = "a count, for example 1000 or 20k",
        [BYTES] = "a size, for example 40kB or 50MB",
        [TIME] = "a time, for example 500ms, 30s, 2h",
        [DAYTIME] = "a time of the day in UTC, for example 23:20",
        [DECIMAL] = "a number, for example 900.50",
        [MANY] = "a count or a share, for example 20 or 5%",
        [LIST] = "a text",
    };
    (void)ps_error_set(err, PS_E_USAGE, PS_RETRY_NEVER, "cannot use '--%s %.100s'",
                       ps_option_rows[row].long_name, value);
    return ps_error_hint(err, "It takes %s.", forms[setters[row].kind]);
}

static enum ps_status unknown_option(const struct ps_str name, const enum ps_command_bit command,
                                     struct ps_error *const err)
{
    struct ps_near near = {NULL, PS_NEAR_FAR};
    for (int64_t row = 0; row < ROWS; row++) {
        if (ps_option_is_of(&ps_option_rows[row], command)) {
            ps_near_look(&near, name, ps_option_rows[row].long_name);
        }
    }
    (void)ps_error_set(err, PS_E_USAGE, PS_RETRY_NEVER, "cannot use option '%s%.*s'",
                       name.size == 1 ? "-" : "--", PS_STR_ARGS(ps_str_part(name, 0, 60)));
    if (near.word != NULL && name.size > 1) {
        return ps_error_hint(err, "Did you mean '--%s'? 'penstock %s --help' lists what there is.",
                             near.word, ps_command_rows[command].name);
    }
    return ps_error_hint(err, "'penstock %s --help' lists what there is.",
                         ps_command_rows[command].name);
}

static bool find_row(const struct ps_str long_name, const char short_name, int64_t *const ret_row)
{
    for (int64_t row = 0; row < ROWS; row++) {
        const bool is_long =
            long_name.size > 0 && ps_str_equals_text(long_name, ps_option_rows[row].long_name);
        if (is_long || (short_name != 0 && ps_option_rows[row].short_name == short_name)) {
            *ret_row = row;
            return true;
        }
    }
    return false;
}

/* What is left of the command line. */
struct words {
    int argc;
    char **argv;
    int place; /* of the word at hand */
};

/* Sets the option; where its value (NULL: none) stands apart it is the next word. */
static enum ps_status take_row(struct ps_options *const options, struct words *const words,
                               const int64_t row, const char *const joined,
                               struct ps_error *const err)
{
    const char *value = joined;
    if (!ps_option_is_of(&ps_option_rows[row], options->command)) {
        (void)ps_error_set(err, PS_E_USAGE, PS_RETRY_NEVER, "cannot use '--%s' with 'penstock %s'",
                           ps_option_rows[row].long_name, ps_command_rows[options->command].name);
        return ps_error_hint(err, "'penstock %s --help' lists what it takes.",
                             ps_command_rows[options->command].name);
    }
    if (setters[row].kind == FLAG && value != NULL) {
        return refuse_value(row, value, err);
    }
    if (setters[row].kind != FLAG && value == NULL) {
        if (words->place + 1 >= words->argc) {
            (void)ps_error_set(err, PS_E_USAGE, PS_RETRY_NEVER, "cannot use '--%s' without its %s",
                               ps_option_rows[row].long_name, ps_option_rows[row].value);
            return ps_error_hint(err, "It says %s.", ps_option_rows[row].help);
        }
        words->place++;
        value = words->argv[words->place];
    }
    *(bool *)((char *)options + setters[row].has_offset) = true;
    return set_value(options, row, value) ? PS_OK : refuse_value(row, value, err);
}

/* --name, --name=VALUE or --name VALUE. */
static enum ps_status take_long(struct ps_options *const options, struct words *const words,
                                struct ps_error *const err)
{
    const struct ps_str word = ps_str_of(words->argv[words->place]);
    const size_t equals = ps_str_find(word, '=');
    const struct ps_str name = ps_str_part(word, 2, equals - 2);
    int64_t row = 0;
    if (!find_row(name, '\0', &row)) {
        return unknown_option(name, options->command, err);
    }
    return take_row(options, words, row, equals < word.size ? word.data + equals + 1 : NULL, err);
}

/* As getopt reads them: -o VALUE, -oVALUE, and flags in one word. A long name is not meant so. */
static enum ps_status take_short(struct ps_options *const options, struct words *const words,
                                 struct ps_error *const err)
{
    const struct ps_str letters = ps_str_part(ps_str_of(words->argv[words->place]), 1, SIZE_MAX);
    int64_t row = 0;
    if (letters.size > 1 &&
        find_row(ps_str_part(letters, 0, ps_str_find(letters, '=')), '\0', &row)) {
        (void)ps_error_set(err, PS_E_USAGE, PS_RETRY_NEVER, "cannot use option '-%.60s'",
                           letters.data);
        return ps_error_hint(err, "Did you mean '--%s', with two dashes?",
                             ps_option_rows[row].long_name);
    }
    bool is_value = false;
    for (size_t at = 0; at < letters.size && !is_value; at++) {
        if (!find_row(PS_STR(""), letters.data[at], &row)) {
            return unknown_option(ps_str_part(letters, at, 1), options->command, err);
        }
        is_value = setters[row].kind != FLAG;
        const bool is_joined = is_value && at + 1 < letters.size;
        if (take_row(options, words, row, is_joined ? letters.data + at + 1 : NULL, err) != PS_OK) {
            return err->status;
        }
    }
    return PS_OK;
}

static enum ps_status find_command(struct ps_options *const options, const char *const word,
                                   struct ps_error *const err)
{
    for (int command = 0; command < PS_COMMAND_COUNT; command++) {
        if (strcmp(ps_command_rows[command].name, word) == 0) {
            options->command = (enum ps_command_bit)command;
            return PS_OK;
        }
    }
    (void)ps_error_set(err, PS_E_USAGE, PS_RETRY_NEVER, "cannot find command '%.60s'", word);
    if (word[0] == '-') {
        return ps_error_hint(err, "The command comes first, its options follow: 'penstock run "
                                  "INPUT -o RESULTS'.");
    }
    struct ps_near near = {NULL, PS_NEAR_FAR};
    for (int command = 0; command < PS_COMMAND_COUNT; command++) {
        ps_near_look(&near, ps_str_of(word), ps_command_rows[command].name);
    }
    if (near.word != NULL) {
        return ps_error_hint(err, "Did you mean 'penstock %s'? 'penstock --help' lists them all.",
                             near.word);
    }
    return ps_error_hint(
        err,
        "'penstock --help' lists the commands; the main one is 'penstock run INPUT -o RESULTS'.");
}

static void set_defaults(struct ps_options *const options)
{
    for (int64_t row = 0; row < ROWS; row++) {
        const char *const standard = ps_option_rows[row].standard;
        if (standard[0] != '\0') {
            PS_ASSERT(set_value(options, row, standard));
        }
    }
}

enum ps_status ps_options_parse(struct ps_options *const options, const int argc, char **const argv,
                                struct ps_error *const err)
{
    memset(options, 0, sizeof(*options));
    options->arguments = calloc((size_t)argc + 1, sizeof(options->arguments[0]));
    PS_ASSERT(options->arguments != NULL);
    set_defaults(options);
    options->command = PS_COMMAND_PLACE_HELP;
    if (argc > 1 && find_command(options, argv[1], err) != PS_OK) {
        return err->status;
    }
    bool is_option_end = false;
    struct words words = {argc, argv, 2};
    for (; words.place < argc; words.place++) {
        const char *const word = argv[words.place];
        const bool is_option = !is_option_end && word[0] == '-' && word[1] != '\0';
        if (is_option && strcmp(word, "--") == 0) {
            is_option_end = true;
        } else if (!is_option) {
            options->arguments[options->argument_count++] = argv[words.place];
        } else if ((word[1] == '-' ? take_long(options, &words, err)
                                   : take_short(options, &words, err)) != PS_OK) {
            return err->status;
        }
    }
    return PS_OK;
}

void ps_options_release(struct ps_options *const options)
{
    for (int64_t row = 0; row < ROWS; row++) {
        if (setters[row].kind == LIST) {
            free(((struct ps_texts *)((char *)options + setters[row].offset))->texts);
        }
    }
    free(options->arguments);
    free(options->lanes_of_files);
    memset(options, 0, sizeof(*options));
}
