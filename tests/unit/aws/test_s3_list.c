/* Goal: a listing is whole or it is none. Method: pages that loop, break off, or show what was not
 * asked for. */
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <string.h>

#define PAGE(inside) "<ListBucketResult>" inside "</ListBucketResult>"
#define KEY(key) "<Contents><Key>" key "</Key><ETag>\"e\"</ETag><Size>1</Size></Contents>"
#define MORE(token) \
    "<IsTruncated>true</IsTruncated><NextContinuationToken>" token "</NextContinuationToken>"
#define LAST "<IsTruncated>false</IsTruncated>"

static void a_listing_is_whole_or_none(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        struct fake_step steps[3];
        size_t count;
        enum ps_outcome outcome;
        enum ps_status status;
        int64_t objects;
    } rows[] = {
        {"none", {{.status = "200 OK", .body = PAGE(LAST)}}, 1, PS_OUTCOME_YES, PS_OK, 0},
        {"three pages",
         {{.status = "200 OK", .body = PAGE(KEY("p/a") MORE("1"))},
          {.status = "200 OK", .body = PAGE(MORE("2"))},
          {.status = "200 OK", .body = PAGE(KEY("p/b") LAST)}},
         3,
         PS_OUTCOME_YES,
         PS_OK,
         2},
        {"the same token again",
         {{.status = "200 OK", .body = PAGE(KEY("p/a") MORE("1"))},
          {.status = "200 OK", .body = PAGE(KEY("p/b") MORE("1"))}},
         2,
         PS_OUTCOME_NO,
         PS_E_CORRUPT,
         -1},
        {"no token",
         {{.status = "200 OK", .body = PAGE(KEY("p/a") "<IsTruncated>true</IsTruncated>")}},
         1,
         PS_OUTCOME_NO,
         PS_E_CORRUPT,
         -1},
        {"no IsTruncated",
         {{.status = "200 OK", .body = PAGE(KEY("p/a"))}},
         1,
         PS_OUTCOME_NO,
         PS_E_CORRUPT,
         -1},
        {"foreign keys",
         {{.status = "200 OK", .body = PAGE(KEY("q/a") LAST)}},
         1,
         PS_OUTCOME_NO,
         PS_E_CORRUPT,
         -1},
        {"another document",
         {{.status = "200 OK", .body = "<Other>" LAST "</Other>"}},
         1,
         PS_OUTCOME_NO,
         PS_E_CORRUPT,
         -1},
        {"cut",
         {{.status = "200 OK", .body = PAGE(KEY("p/a") LAST), .fault = FAKE_CUT}},
         1,
         PS_OUTCOME_NO,
         PS_E_NETWORK,
         -1},
        {"the second page fails",
         {{.status = "200 OK", .body = PAGE(KEY("p/a") MORE("1"))}, {.status = "500 Oh"}},
         2,
         PS_OUTCOME_NO,
         PS_E_SERVICE,
         -1},
        {"denied",
         {{.status = "403 No", .body = "<Error><Code>AccessDenied</Code></Error>"}},
         1,
         PS_OUTCOME_NO,
         PS_E_DENIED,
         -1},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        struct fixture fixture;
        fixture_start(&fixture, rows[row].steps, 3, NULL);
        const struct ps_fact *const fact = fixture_do(
            &fixture, &(struct ps_wish){.kind = PS_WISH_LIST_OBJECTS, .key = PS_STR("p/")});
        if (fact->outcome != rows[row].outcome || fact->error.status != rows[row].status ||
            fake_server_count(fixture.server) != rows[row].count ||
            (rows[row].objects >= 0 && fact->object_count != rows[row].objects)) {
            fail_msg("%s: outcome %d, %s, %lld objects, '%s'", rows[row].name, (int)fact->outcome,
                     ps_status_name(fact->error.status), (long long)fact->object_count,
                     fact->error.message);
        }
        assert_no_request(&fixture, 0, "delimiter");
        fixture_stop(&fixture);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_listing_is_whole_or_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
