/*
 * demand - what is to be done: how many records, bytes and tokens, in classes by which lanes can
 * hold them.
 *
 * Lanes of equal context, output and file limits are one holder; a class is the records that the
 * same holders can take. Made from five numbers or from the index's entries, in one pass and
 * without an allocation.
 *
 *     ps_demand_init(&demand, &supply, &options, &err);
 *     for each entry: ps_demand_add_entry(&demand, entry);
 *
 * Owner: the caller embeds it. Pure.
 */
#ifndef PS_CORE_DEMAND_H
#define PS_CORE_DEMAND_H

#include "base/status.h"
#include "core/entry.h"
#include "core/supply.h"

#define PS_DEMAND_HOLDERS_MAX 64 /* one bit each */
#define PS_DEMAND_CLASSES_MAX 64

struct ps_demand_record {
    int64_t bytes; /* of the line that is sent */
    int64_t input_tokens;
    int64_t output_tokens; /* expected */
    int64_t output_tokens_max;
};

struct ps_demand_class {
    uint64_t holders; /* bit n: holder n can take these records; 0: nobody can */
    int64_t records;
    int64_t bytes; /* sums */
    int64_t input_tokens;
    int64_t output_tokens;
    int64_t output_tokens_max;
    struct ps_demand_record least; /* of each number the smallest that any record has */
    struct ps_demand_record most;
    struct ps_demand_record largest; /* the record of most input + expected output */
    int64_t output_permille_least;   /* expected output for 1,000 input tokens, rounded down */
    int64_t output_permille_most;    /* rounded up */
};

struct ps_demand_holder {
    int64_t context; /* input + output limit of a record, at most */
    int64_t output;  /* its output limit */
    int64_t bytes;   /* of a record: a file's or a job's limit */
};

struct ps_demand_options {
    int64_t expected_output; /* of a record: its own maximum where that is less; 0: that maximum */
    int64_t input_permille;  /* corrects the index's estimate; 0: 1000 */
    bool is_measured;        /* from an input file; else assumed */
    int64_t margin_permille; /* how far the token sums may be off, either way */
};

struct ps_demand {
    struct ps_demand_class classes[PS_DEMAND_CLASSES_MAX];
    int64_t class_count;
    struct ps_demand_holder holders[PS_DEMAND_HOLDERS_MAX];
    int64_t holder_count;
    struct ps_demand_options options;
    struct ps_demand_class all; /* every record that is sent, also those that nobody can hold */
    int64_t records;            /* all, also those that are not sent */
    int64_t rejected_records;   /* not sent: the index refused them */
    int64_t copied_records;     /* not sent: the same as another one */
    int64_t last_class;         /* where the last record went: the next one is often alike */
};

/* Learns which holders there are. PS_E_USAGE: more than PS_DEMAND_HOLDERS_MAX. */
PS_MUST_CHECK enum ps_status ps_demand_init(struct ps_demand *demand,
                                            const struct ps_supply *supply,
                                            const struct ps_demand_options *options,
                                            struct ps_error *err);

/* `count` records alike. PS_E_TOO_LARGE: a sum passes what 64 bits hold; nothing is added. */
PS_MUST_CHECK enum ps_status ps_demand_add(struct ps_demand *demand,
                                           const struct ps_demand_record *record, int64_t count,
                                           struct ps_error *err);

/* One entry of the index; what is not sent is counted as such. */
PS_MUST_CHECK enum ps_status
ps_demand_add_entry(struct ps_demand *demand, const struct ps_entry *entry, struct ps_error *err);

/* The number of the lane's holder, as a bit of ps_demand_class.holders. Of a lane whose limits were
 * raised since ("what if"): the bits of all holders that can do no more than it. */
uint64_t ps_demand_holder_bit(const struct ps_demand *demand, const struct ps_supply_lane *lane);

/* The classes that one of these holders can take, in one. */
struct ps_demand_class ps_demand_held(const struct ps_demand *demand, uint64_t holder_bits);

/*
 * Adds `records` of `from`, beginning with its record number `first`, to `to`: of each sum the part
 * that falls on them, rounded so that all parts together are the whole.
 */
void ps_demand_add_part(struct ps_demand_class *to, const struct ps_demand_class *from,
                        int64_t first, int64_t records);

/* What the class's records count against the lane's TPM and TPD, in all; the lightest, and the
 * heaviest known one. */
int64_t ps_demand_weight(const struct ps_demand_class *part, const struct ps_supply_lane *lane);
int64_t ps_demand_weight_least(const struct ps_demand_class *part,
                               const struct ps_supply_lane *lane);
int64_t ps_demand_weight_largest(const struct ps_demand_class *part,
                                 const struct ps_supply_lane *lane);

#endif
