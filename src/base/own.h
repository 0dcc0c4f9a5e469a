/*
 * own - ownership by attribute, and the few markers that every header uses.
 *
 *     struct ps_text *text PS_CLEANUP(ps_text_auto) = ps_text_new();
 *     ...
 *     *ret_text = PS_TAKE(&text);
 */
#ifndef PS_BASE_OWN_H
#define PS_BASE_OWN_H

/* Calls `function(&variable)` when the variable leaves its scope. */
#define PS_CLEANUP(function) __attribute__((cleanup(function)))

/* The result must be looked at. */
#define PS_MUST_CHECK __attribute__((warn_unused_result))

#define PS_PRINTF(format_index, first_index) \
    __attribute__((format(printf, format_index, first_index)))

/* Moves a pointer out of its variable and leaves NULL behind. */
#define PS_TAKE(pointer_to_variable)                                          \
    __extension__({                                                           \
        __typeof__(pointer_to_variable) ps_take_from = (pointer_to_variable); \
        __typeof__(*ps_take_from) ps_taken = *ps_take_from;                   \
        *ps_take_from = NULL;                                                 \
        ps_taken;                                                             \
    })

#endif
