#include "sim/startup.h"

#include "base/assert.h"
#include "core/catalog.h"

#include <string.h>
#include <yyjson.h>

/* How finely a draw is placed within the table. */
#define STEPS INT64_C(1000000)
#define STEPS_OF_PERMILLE (STEPS / 1000)

static size_t read_rows(yyjson_val *const root, const char *const name, const char *const unit,
                        struct ps_quantile *const rows)
{
    yyjson_val *const table = yyjson_obj_get(yyjson_obj_get(root, name), "quantiles");
    const size_t count = yyjson_arr_size(table);
    PS_ASSERT(count >= 2);
    PS_ASSERT(count <= PS_QUANTILES_MAX);
    for (size_t row = 0; row < count; row++) {
        yyjson_val *const value = yyjson_arr_get(table, row);
        rows[row] = (struct ps_quantile){yyjson_get_sint(yyjson_obj_get(value, "permille")),
                                         yyjson_get_sint(yyjson_obj_get(value, unit))};
        PS_ASSERT(row == 0 || rows[row].permille > rows[row - 1].permille);
    }
    PS_ASSERT(rows[0].permille == 0);
    PS_ASSERT(rows[count - 1].permille == 1000);
    return count;
}

void ps_startup_load(struct ps_startup *const startup)
{
    const struct ps_str text = ps_catalog_startup();
    yyjson_doc *const document = yyjson_read(text.data, text.size, 0);
    PS_ASSERT(document != NULL);
    memset(startup, 0, sizeof *startup);
    yyjson_val *const root = yyjson_doc_get_root(document);
    startup->delay_count = read_rows(root, "startup", "ms", startup->delays);
    startup->speed_count = read_rows(root, "job_tpm", "tpm", startup->speeds);
    yyjson_doc_free(document);
}

static int64_t draw_from(const struct ps_quantile *const rows, const size_t count,
                         const uint64_t draw)
{
    const int64_t step = (int64_t)(draw % (uint64_t)STEPS);
    size_t row = 1;
    while (row + 1 < count && step >= rows[row].permille * STEPS_OF_PERMILLE) {
        row++;
    }
    const struct ps_quantile *const from = &rows[row - 1];
    const struct ps_quantile *const to = &rows[row];
    return from->value + (to->value - from->value) * (step - from->permille * STEPS_OF_PERMILLE) /
                             ((to->permille - from->permille) * STEPS_OF_PERMILLE);
}

int64_t ps_startup_delay_ms(const struct ps_startup *const startup, const uint64_t draw)
{
    return draw_from(startup->delays, startup->delay_count, draw);
}

void ps_startup_spread_ms(const struct ps_startup *const startup, int64_t *const ret_delays_ms,
                          const size_t count)
{
    for (size_t part = 0; part < count; part++) {
        ret_delays_ms[part] = ps_startup_delay_ms(startup, (uint64_t)STEPS * part / count);
    }
}

int64_t ps_startup_job_tpm(const struct ps_startup *const startup, const uint64_t draw)
{
    return draw_from(startup->speeds, startup->speed_count, draw);
}
