#include "sim/faults.h"

#include "base/assert.h"
#include "base/prng.h"
#include "base/time.h"

#include <stdlib.h>
#include <string.h>

/* What a kind may be asked of. */
enum reach {
    REACH_CALL,
    REACH_GET_OBJECT,
    REACH_LISTS,
    REACH_CREATE,
    REACH_JOB,
    REACH_OUTPUT,
    REACH_RECORD
};

static const struct {
    const char *name;
    enum reach reach;
    bool is_after; /* unless the rule says otherwise */
} kinds[PS_FAULT_KIND_COUNT] = {
    [PS_FAULT_LOST] = {"lost", REACH_CALL, true},
    [PS_FAULT_500] = {"500", REACH_CALL, false},
    [PS_FAULT_503] = {"503", REACH_CALL, false},
    [PS_FAULT_429] = {"429", REACH_CALL, false},
    [PS_FAULT_SLOW] = {"slow", REACH_CALL, true},
    [PS_FAULT_TWICE] = {"twice", REACH_CALL, true},
    [PS_FAULT_CUT] = {"cut", REACH_CALL, true},
    [PS_FAULT_CORRUPT] = {"corrupt", REACH_GET_OBJECT, true},
    [PS_FAULT_LAG] = {"lag", REACH_LISTS, true},
    [PS_FAULT_FORGET] = {"forget", REACH_CREATE, false},
    [PS_FAULT_ANYNAME] = {"anyname", REACH_CREATE, false},
    [PS_FAULT_FAIL] = {"fail", REACH_JOB, false},
    [PS_FAULT_PARTIAL] = {"partial", REACH_JOB, false},
    [PS_FAULT_EXPIRE] = {"expire", REACH_JOB, false},
    [PS_FAULT_STUCK] = {"stuck", REACH_JOB, false},
    [PS_FAULT_STOPPED] = {"stopped", REACH_JOB, false},
    [PS_FAULT_NOMANIFEST] = {"nomanifest", REACH_JOB, false},
    [PS_FAULT_BADMANIFEST] = {"badmanifest", REACH_JOB, false},
    [PS_FAULT_NOCOUNTS] = {"nocounts", REACH_JOB, false},
    [PS_FAULT_FLATTEN] = {"flatten", REACH_JOB, false},
    [PS_FAULT_LATE] = {"late", REACH_OUTPUT, false},
    [PS_FAULT_VANISH] = {"vanish", REACH_OUTPUT, false},
    [PS_FAULT_SHORT] = {"short", REACH_OUTPUT, false},
    [PS_FAULT_RECORD_429] = {"record429", REACH_RECORD, false},
    [PS_FAULT_RECORD_500] = {"record500", REACH_RECORD, false},
    [PS_FAULT_RECORD_400] = {"record400", REACH_RECORD, false},
    [PS_FAULT_SURROGATE] = {"surrogate", REACH_RECORD, false},
    [PS_FAULT_BADUTF8] = {"badutf8", REACH_RECORD, false},
};

static const char *const op_names[PS_OP_COUNT] = {
    [PS_OP_CREATE] = "create",
    [PS_OP_GET] = "get",
    [PS_OP_LIST] = "list",
    [PS_OP_STOP] = "stop",
    [PS_OP_IDENTITY] = "identity",
    [PS_OP_PUT] = "put",
    [PS_OP_GET_OBJECT] = "get_object",
    [PS_OP_HEAD_OBJECT] = "head_object",
    [PS_OP_DELETE] = "delete",
    [PS_OP_DELETE_OBJECTS] = "delete_objects",
    [PS_OP_LIST_OBJECTS] = "list_objects",
    [PS_OP_CREATE_UPLOAD] = "create_upload",
    [PS_OP_PART] = "part",
    [PS_OP_COMPLETE] = "complete",
    [PS_OP_ABORT] = "abort",
    [PS_OP_LIST_PARTS] = "list_parts",
    [PS_OP_LIST_UPLOADS] = "list_uploads",
    [PS_OP_BUCKET] = "bucket",
    [PS_OP_INVOKE] = "invoke",
    [PS_OP_CONVERSE] = "converse",
    [PS_OP_ANY] = "any",
    [PS_OP_JOB] = "job",
    [PS_OP_OUTPUT] = "output",
    [PS_OP_RECORD] = "record",
};

/* The standard mix of the reliability reference, as far as a service can do it to its client. */
static const char standard_mix[] =
    "lost:any:p=10,500:any:p=5,503:any:p=5,slow:any:p=5,twice:any:p=2,429:any:burst=60,"
    "503:put:burst=120,503:get_object:burst=120,503:list_objects:burst=120,"
    "record429:record:p=10,record500:record:p=2,record400:record:p=2,"
    "fail:job:p=5,partial:job:p=10,expire:job:p=2,stuck:job:p=5,nomanifest:job:p=5,"
    "short:output:p=10,late:output:p=50,lag:list:p=100,lag:list_objects:p=100";

/* What `all` adds; each seed turns about half of it off. */
static const char further_mix[] =
    "lost:any:p=5:before,500:any:p=5:after,503:any:p=3:after,cut:any:p=5,corrupt:get_object:p=10,"
    "forget:create:p=50,anyname:create:p=50,stopped:job:p=10,badmanifest:job:p=5,flatten:job:p=200,"
    "vanish:output:p=3";

const char *ps_fault_kind_name(const enum ps_fault_kind kind)
{
    return kinds[kind].name != NULL ? kinds[kind].name : "none";
}

static bool may_reach(const enum reach reach, const enum ps_fault_op op)
{
    switch (reach) {
    case REACH_CALL:
        return op <= PS_OP_ANY;
    case REACH_GET_OBJECT:
        return op == PS_OP_GET_OBJECT;
    case REACH_LISTS:
        return op == PS_OP_LIST || op == PS_OP_LIST_OBJECTS;
    case REACH_CREATE:
        return op == PS_OP_CREATE;
    case REACH_JOB:
        return op == PS_OP_JOB;
    case REACH_OUTPUT:
        return op == PS_OP_OUTPUT;
    default:
        return op == PS_OP_RECORD;
    }
}

/* Takes the text before the next ':' off the front. */
static struct ps_str take_word(struct ps_str *const rest)
{
    const size_t colon = ps_str_find(*rest, ':');
    const struct ps_str word = ps_str_part(*rest, 0, colon);
    *rest = ps_str_part(*rest, colon + 1, rest->size);
    return word;
}

static bool read_kind(const struct ps_str word, struct ps_fault_rule *const rule)
{
    for (int kind = PS_FAULT_NONE + 1; kind < PS_FAULT_KIND_COUNT; kind++) {
        if (ps_str_equals_text(word, kinds[kind].name)) {
            rule->kind = (enum ps_fault_kind)kind;
            rule->is_after = kinds[kind].is_after;
            return true;
        }
    }
    return false;
}

static bool read_op(const struct ps_str word, struct ps_fault_rule *const rule)
{
    for (int op = 0; op < PS_OP_COUNT; op++) {
        if (ps_str_equals_text(word, op_names[op])) {
            rule->op = (enum ps_fault_op)op;
            return may_reach(kinds[rule->kind].reach, rule->op);
        }
    }
    return false;
}

static bool read_choice(const struct ps_str word, struct ps_fault_rule *const rule)
{
    if (ps_str_equals_text(word, "before") || ps_str_equals_text(word, "after")) {
        rule->is_after = ps_str_equals_text(word, "after");
        return kinds[rule->kind].reach == REACH_CALL;
    }
    const size_t equals = ps_str_find(word, '=');
    const struct ps_str name = ps_str_part(word, 0, equals);
    int64_t number = 0;
    if (!ps_str_to_i64(ps_str_part(word, equals + 1, word.size), &number) || number < 1) {
        return false;
    }
    if (ps_str_equals_text(name, "nth")) {
        rule->nth = number;
    } else if (ps_str_equals_text(name, "every")) {
        rule->every = number;
    } else if (ps_str_equals_text(name, "burst")) {
        rule->burst = number;
    } else if (ps_str_equals_text(name, "p") && number <= 1000) {
        rule->permille = number;
    } else {
        return false;
    }
    return true;
}

static bool read_rule(const struct ps_str text, struct ps_fault_rule *const rule)
{
    *rule = (struct ps_fault_rule){.permille = -1};
    if (text.size == 0 || text.size >= sizeof rule->text) {
        return false;
    }
    memcpy(rule->text, text.data, text.size);
    struct ps_str rest = text;
    if (!read_kind(take_word(&rest), rule) || !read_op(take_word(&rest), rule)) {
        return false;
    }
    while (rest.size > 0) {
        if (!read_choice(take_word(&rest), rule)) {
            return false;
        }
    }
    return (rule->nth > 0) + (rule->every > 0) + (rule->burst > 0) + (rule->permille > 0) <= 1;
}

static uint64_t mix(const uint64_t seed, const uint64_t one, const uint64_t other)
{
    struct ps_prng prng;
    ps_prng_init(&prng, seed ^ (one * UINT64_C(0x9e3779b97f4a7c15)));
    ps_prng_init(&prng, ps_prng_next(&prng) ^ (other * UINT64_C(0xc2b2ae3d27d4eb4f)));
    return ps_prng_next(&prng);
}

/* `keep_in_two`: each rule stays with a chance of a half. */
static enum ps_status add_rules(struct ps_faults *const faults, const struct ps_str spec,
                                const bool keep_in_two, struct ps_error *const err)
{
    struct ps_str rest = spec;
    uint64_t number = 0;
    while (rest.size > 0) {
        const size_t comma = ps_str_find(rest, ',');
        const struct ps_str text = ps_str_trim(ps_str_part(rest, 0, comma));
        rest = ps_str_part(rest, comma + 1, rest.size);
        faults->rules = realloc(faults->rules, (faults->count + 1) * sizeof *faults->rules);
        PS_ASSERT(faults->rules != NULL);
        if (!read_rule(text, &faults->rules[faults->count])) {
            (void)ps_error_set(err, PS_E_USAGE, PS_RETRY_NEVER, "cannot use '%.*s' as a fault",
                               PS_STR_ARGS(text));
            return ps_error_hint(err,
                                 "A rule is kind:op[:nth=N|every=K|p=PERMILLE][:before|after], "
                                 "for example 'lost:create:every=2'.");
        }
        number++;
        if (!keep_in_two || mix(faults->seed, number, 0) % 2 == 0) {
            faults->count++;
        }
    }
    return PS_OK;
}

enum ps_status ps_faults_parse(struct ps_faults *const faults, const char *const spec,
                               const uint64_t seed, struct ps_error *const err)
{
    const struct ps_str text = ps_str_of(spec);
    memset(faults, 0, sizeof *faults);
    faults->seed = seed;
    enum ps_status status = PS_OK;
    if (text.size == 0 || ps_str_equals_text(text, "none")) {
        return PS_OK;
    }
    if (ps_str_equals_text(text, "standard") || ps_str_equals_text(text, "all")) {
        status = add_rules(faults, PS_STR(standard_mix), false, err);
        PS_ASSERT(status == PS_OK);
        if (ps_str_equals_text(text, "all")) {
            status = add_rules(faults, PS_STR(further_mix), true, err);
        }
        return status;
    }
    status = add_rules(faults, text, false, err);
    if (status != PS_OK) {
        ps_faults_release(faults);
    }
    return status;
}

void ps_faults_release(struct ps_faults *const faults)
{
    free(faults->rules);
    memset(faults, 0, sizeof *faults);
}

/* The op's number in draws. Ops that came later have numbers behind the first ones, so that a seed
 * keeps its history. */
static uint64_t number_of(const enum ps_fault_op op)
{
    const int first = PS_OP_INVOKE;
    const int added = PS_OP_ANY - PS_OP_INVOKE;
    const int number = (int)op;
    return (uint64_t)(number < first           ? number
                      : number < first + added ? PS_OP_COUNT + number
                                               : number - added);
}

static bool fires(const struct ps_faults *const faults, const size_t index,
                  const enum ps_fault_op op, const int64_t count, const int64_t now_ms)
{
    const struct ps_fault_rule *const rule = &faults->rules[index];
    /* `count` is of the op: without it in the draw a rule for any op would draw alike for each. */
    const uint64_t draw = mix(faults->seed, index + 1000 * (1 + number_of(op)), (uint64_t)count);
    if (rule->nth > 0) {
        return count == rule->nth;
    }
    if (rule->every > 0) {
        return count % rule->every == 0;
    }
    if (rule->burst > 0) {
        const uint64_t minute = (uint64_t)(now_ms / PS_MINUTE_MS);
        return mix(faults->seed, index + 2000, minute) % (uint64_t)rule->burst == 0 &&
               draw % 2 == 0;
    }
    if (rule->permille >= 0) {
        return draw % 1000 < (uint64_t)rule->permille;
    }
    return true;
}

const struct ps_fault_rule *ps_faults_fire(const struct ps_faults *const faults,
                                           const enum ps_fault_kind kind, const enum ps_fault_op op,
                                           const int64_t count, const int64_t now_ms)
{
    for (size_t index = 0; index < faults->count; index++) {
        const struct ps_fault_rule *const rule = &faults->rules[index];
        const bool is_op = rule->op == op || (rule->op == PS_OP_ANY && op < PS_OP_ANY);
        const bool is_kind = kind == PS_FAULT_NONE || kind == rule->kind;
        if (is_op && is_kind && fires(faults, index, op, count, now_ms)) {
            return rule;
        }
    }
    return NULL;
}

const char *ps_emulator_faults_help(void)
{
    return "none, standard, all, or rules "
           "kind:op[:nth=N|every=K|p=PERMILLE|burst=M][:before|after]\n"
           "joined by commas.\n"
           "  kinds of calls:   lost 500 503 429 slow twice cut (any op of a call), corrupt "
           "(get_object),\n"
           "                    lag (list, list_objects), forget anyname (create)\n"
           "  ops of calls:     create get list stop identity put get_object head_object delete\n"
           "                    delete_objects list_objects create_upload part complete abort\n"
           "                    list_parts list_uploads bucket invoke converse any\n"
           "  kinds of 'job':    fail partial expire stuck stopped nomanifest badmanifest "
           "nocounts\n"
           "                    flatten\n"
           "  kinds of 'output': late vanish short\n"
           "  kinds of 'record': record429 record500 record400 surrogate badutf8\n"
           "For example: lost:create:every=2,500:put:nth=3:after,record429:record:p=10\n";
}
