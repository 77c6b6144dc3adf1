// SPDX-License-Identifier: MIT
/* Every allocation of ours, of SQLite, of jansson and of libcrypto fails in turn while a store is
 * checked: the verdict is the right one, or that memory is short. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "clients/audit/audit.h"
#include "schemas/base/errors.h"
#include "tests/support/memory_fault.h"
#include "tests/unit/daemon/store/sample.h"

#define EVENTS      12
#define ALLOCATIONS 100000 /* more than a check takes */
#define LONG_NOTE   "a member that is ignored, and long enough that it takes more than one allocation"

static char receipts[TEMPORARY_BUFFER + 16];

/* What is checked: the verdict of audit_verify, its break, and the errors of opening. */
static int verify(const struct sample *sample, struct audit_summary *summary,
                  struct audit_break *first)
{
    const char *const paths[] = {receipts};
    char message[AUDIT_MESSAGE_BYTES] = "";
    struct audit *audit = NULL;
    int rc = audit_open(&audit, sample->directory, message);

    if (rc) {
        assert_null(audit);
        assert_true(message[0] != '\0');
        return rc;
    }
    rc = audit_verify(audit, paths, 1, summary, first);
    if (rc < 0)
        assert_true(audit_message(audit)[0] != '\0');
    audit_close(&audit);
    return rc;
}

static int head(const struct sample *sample, struct audit_summary *summary,
                struct audit_break *first)
{
    char message[AUDIT_MESSAGE_BYTES];
    struct audit *audit = NULL;
    int rc = audit_open(&audit, sample->directory, message);

    if (rc)
        return rc;
    rc = audit_head(audit, summary, first);
    audit_close(&audit);
    return rc;
}

typedef int (*check)(const struct sample *sample, struct audit_summary *summary,
                     struct audit_break *first);

static void fail_each_as(void (*arm)(int number), const struct sample *sample, check try,
                         int verdict)
{
    struct audit_summary expected = {0};
    struct audit_break where = {0};
    int memory_count = 0;
    int number = 0;
    bool has_struck;

    assert_int_equal(try(sample, &expected, &where), verdict);
    do {
        struct audit_summary summary = {0};
        struct audit_break first = {0};

        number = memory_fault_next(number);
        assert_true(number < ALLOCATIONS);
        arm(number);
        int rc = try(sample, &summary, &first);
        has_struck = memory_fault_struck();
        memory_fault_at(0);
        if (rc == -ERROR_MEMORY) {
            memory_count++;
            continue;
        }
        assert_int_equal(rc, verdict);
        assert_memory_equal(summary.head, expected.head, sizeof summary.head);
        assert_int_equal(first.sequence, where.sequence);
        assert_string_equal(first.what, where.what);
    } while (has_struck);
    assert_true(memory_count > 0);
}

static void fail_each(const struct sample *sample, check try, int verdict)
{
    fail_each_as(memory_fault_at, sample, try, verdict);
    fail_each_as(memory_fault_from, sample, try, verdict);
}

static int set_up(void **state)
{
    struct audit_summary summary;
    struct audit_break first;
    struct sample *sample;
    char text[CHAIN_TEXT_BUFFER];
    FILE *file;

    memory_fault_at(0);
    if (sample_set_up(state))
        return -1;
    sample = *state;
    sample_put(sample, EVENTS);
    assert_int_equal(store_commit(sample->store), 0);
    sample_close(sample);
    assert_int_equal(head(sample, &summary, &first), 0);
    snprintf(receipts, sizeof receipts, "%s/receipts", sample->root);
    file = fopen(receipts, "we");
    assert_non_null(file);
    for (int i = 0; i < 2; i++)
        fprintf(file, "{\"sequence\":%d,\"note\":\"" LONG_NOTE "\",\"head\":\"%s\"}\n", EVENTS,
                chain_format(summary.head, text));
    assert_int_equal(fclose(file), 0);
    return 0;
}

static int tear_down(void **state)
{
    sample_open(*state);
    return sample_tear_down(state);
}

static void a_right_store_is_never_called_broken(void **state)
{
    fail_each(*state, verify, 0);
    fail_each(*state, head, 0);
}

static void a_changed_event_is_never_overlooked(void **state)
{
    sample_sql(*state, "UPDATE events SET attempt = attempt + 1 WHERE sequence = 7");
    fail_each(*state, verify, 1);
    sample_sql(*state, "UPDATE events SET attempt = attempt - 1 WHERE sequence = 7");
}

static void a_receipt_of_another_log_is_never_overlooked(void **state)
{
    FILE *file = fopen(receipts, "we");

    assert_non_null(file);
    fprintf(file, "{\"sequence\":3,\"head\":\"%064d\"}\n", 7);
    assert_int_equal(fclose(file), 0);
    fail_each(*state, verify, 1);
}

static void what_is_no_receipt_is_never_taken_for_one(void **state)
{
    FILE *file = fopen(receipts, "we");

    assert_non_null(file);
    fputs("{\"sequence\":3,\"head\":\n", file);
    assert_int_equal(fclose(file), 0);
    fail_each(*state, verify, -ERROR_MALFORMED);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_right_store_is_never_called_broken),
        TEST(a_changed_event_is_never_overlooked),
        TEST(a_receipt_of_another_log_is_never_overlooked),
        TEST(what_is_no_receipt_is_never_taken_for_one),
    };

    memory_fault_of_sqlite();
    memory_fault_of_libcrypto();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
