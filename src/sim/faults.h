/*
 * faults - which call, job, output or record goes wrong, and how: rules, drawn by seed.
 *
 * A rule is `kind:op[:nth=N|every=K|p=PERMILLE|burst=M][:before|after]` (docs/EVENTS.md, section
 * 5); `burst=M` fires for half of the calls of one simulated minute in M. The caller keeps the
 * counts (1 for the first of its op), so that the same data folder goes on where it was.
 *
 * Pure once read. Owner: the caller. Threads: any.
 */
#ifndef PS_SIM_FAULTS_H
#define PS_SIM_FAULTS_H

#include "base/status.h"
#include "base/str.h"

enum ps_fault_kind {
    PS_FAULT_NONE,
    PS_FAULT_LOST,
    PS_FAULT_500,
    PS_FAULT_503,
    PS_FAULT_429,
    PS_FAULT_SLOW,
    PS_FAULT_TWICE,
    PS_FAULT_CUT,
    PS_FAULT_CORRUPT,
    PS_FAULT_LAG,
    PS_FAULT_FORGET,
    PS_FAULT_ANYNAME,
    PS_FAULT_FAIL,
    PS_FAULT_PARTIAL,
    PS_FAULT_EXPIRE,
    PS_FAULT_STUCK,
    PS_FAULT_STOPPED,
    PS_FAULT_NOMANIFEST,
    PS_FAULT_BADMANIFEST,
    PS_FAULT_NOCOUNTS,
    PS_FAULT_FLATTEN,
    PS_FAULT_LATE,
    PS_FAULT_VANISH,
    PS_FAULT_SHORT,
    PS_FAULT_RECORD_429,
    PS_FAULT_RECORD_500,
    PS_FAULT_RECORD_400,
    PS_FAULT_SURROGATE,
    PS_FAULT_BADUTF8,
    PS_FAULT_KIND_COUNT
};

enum ps_fault_op {
    PS_OP_CREATE,
    PS_OP_GET,
    PS_OP_LIST,
    PS_OP_STOP,
    PS_OP_IDENTITY,
    PS_OP_PUT,
    PS_OP_GET_OBJECT,
    PS_OP_HEAD_OBJECT,
    PS_OP_DELETE,
    PS_OP_DELETE_OBJECTS,
    PS_OP_LIST_OBJECTS,
    PS_OP_CREATE_UPLOAD,
    PS_OP_PART,
    PS_OP_COMPLETE,
    PS_OP_ABORT,
    PS_OP_LIST_PARTS,
    PS_OP_LIST_UPLOADS,
    PS_OP_BUCKET,
    PS_OP_INVOKE,
    PS_OP_CONVERSE,
    PS_OP_ANY, /* in rules only: any of the above */
    PS_OP_JOB,
    PS_OP_OUTPUT,
    PS_OP_RECORD,
    PS_OP_COUNT
};

struct ps_fault_rule {
    enum ps_fault_kind kind;
    enum ps_fault_op op;
    int64_t nth;      /* 0: not by number */
    int64_t every;    /* 0: not by every K-th */
    int64_t permille; /* -1: not by chance */
    int64_t burst;    /* 0: not in bursts */
    bool is_after;    /* after the operation was carried out */
    char text[64];    /* as written */
};

struct ps_faults {
    struct ps_fault_rule *rules;
    size_t count;
    uint64_t seed;
};

/* `spec` NULL, "" or "none": no faults. `seed` chooses what "standard", "all" and p= draw. */
PS_MUST_CHECK enum ps_status ps_faults_parse(struct ps_faults *faults, const char *spec,
                                             uint64_t seed, struct ps_error *err);
void ps_faults_release(struct ps_faults *faults);

/*
 * The first rule of kind `kind` (NONE: of any) that fires for the `count`-th time of `op`; NULL:
 * none. `now_ms` serves the bursts.
 */
const struct ps_fault_rule *ps_faults_fire(const struct ps_faults *faults, enum ps_fault_kind kind,
                                           enum ps_fault_op op, int64_t count, int64_t now_ms);

const char *ps_fault_kind_name(enum ps_fault_kind kind);

/* The text of `emulate --help` about --faults. */
const char *ps_emulator_faults_help(void);

#endif
