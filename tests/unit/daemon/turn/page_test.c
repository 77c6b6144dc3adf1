// SPDX-License-Identifier: MIT
#include "daemon/page.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "schemas/base/errors.h"
#include "schemas/base/limits.h"
#include "schemas/messages.h"

static struct uuid uuid_of(int byte)
{
    struct uuid uuid;

    memset(uuid.bytes, byte, sizeof uuid.bytes);
    return uuid;
}

static void a_next_value_is_read_back_by_the_query_it_was_made_for(void **state)
{
    struct uuid behind = uuid_of(0xa7);
    uint64_t query = page_query("query of tenant 1", 17);
    uint64_t other = page_query("query of tenant 2", 17);
    char next[PAGE_NEXT_BUFFER];
    struct uuid read;

    (void)state;
    assert_true(query != other);
    page_next_write(next, query, &behind);
    assert_int_equal(page_next_read(text_of(next), query, &read), 0);
    assert_true(uuid_equal(&read, &behind));
    assert_int_equal(page_next_read(text_of(next), other, &read), -ERROR_NEXT_VALUE);
}

static void a_changed_next_value_is_refused_or_is_another_place_of_the_same_query(void **state)
{
    struct uuid behind = uuid_of(0xa7);
    uint64_t query = page_query("q", 1);
    char next[PAGE_NEXT_BUFFER];
    struct uuid read;

    (void)state;
    page_next_write(next, query, &behind);
    for (size_t i = 0; next[i]; i++) {
        char kept = next[i];
        next[i] = kept == '0' ? '1' : '0';
        if (i < 16 || kept == '-') {
            assert_int_equal(page_next_read(text_of(next), query, &read), -ERROR_NEXT_VALUE);
        } else {
            assert_int_equal(page_next_read(text_of(next), query, &read), 0);
            assert_false(uuid_equal(&read, &behind));
        }
        next[i] = kept;
    }
    next[16] = 'A'; /* one place has one value */
    assert_int_equal(page_next_read(text_of(next), query, &read), -ERROR_NEXT_VALUE);
}

static void a_next_value_of_the_wrong_length_is_refused(void **state)
{
    struct uuid behind = uuid_of(1);
    char next[PAGE_NEXT_BUFFER + 1];
    struct uuid read;

    (void)state;
    page_next_write(next, 5, &behind);
    for (uint32_t size = 0; size < strlen(next); size++) {
        assert_int_equal(page_next_read((struct text){next, size}, 5, &read), -ERROR_NEXT_VALUE);
    }
    next[strlen(next)] = '0';
    assert_int_equal(page_next_read((struct text){next, 53}, 5, &read), -ERROR_NEXT_VALUE);
}

static void a_page_ends_at_its_top_and_holds_what_was_added(void **state)
{
    struct wire_output output = WIRE_OUTPUT_INIT;
    struct profile profile = {.user_principal_name = TEXT("a@example.org")};
    struct page page;

    (void)state;
    page_begin(&page, &output, &profile_schema, 3);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(page_add(&page, &profile), 0);
    }
    assert_int_equal(page_add(&page, &profile), 1);
    assert_int_equal(page_list(&page).count, 3);
    assert_int_equal(page_list(&page).encoded_bytes, output.size_bytes);
    page_begin(&page, &output, &profile_schema, 3);
    assert_int_equal(page_list(&page).count, 0);
    assert_int_equal(page_list(&page).encoded_bytes, 0);
    wire_output_release(&output);
}

static void a_page_never_outgrows_its_message(void **state)
{
    static char name[320];
    struct wire_output output = WIRE_OUTPUT_INIT;
    struct profile profile = {.user_principal_name = {name, sizeof name}};
    struct page page;
    uint32_t count = 0;

    (void)state;
    memset(name, 'x', sizeof name);
    page_begin(&page, &output, &profile_schema, 1000000);
    while (page_add(&page, &profile) == 0) {
        count++;
        assert_true(output.size_bytes <= LIMIT_PAGE_BYTES);
    }
    assert_int_equal(page_list(&page).count, count);
    assert_true(count > 50);
    assert_true(page_list(&page).encoded_bytes > count * sizeof name);
    assert_true(page_list(&page).encoded_bytes + 2 * sizeof name > LIMIT_PAGE_BYTES - 512);
    wire_output_release(&output);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_next_value_is_read_back_by_the_query_it_was_made_for),
        cmocka_unit_test(a_changed_next_value_is_refused_or_is_another_place_of_the_same_query),
        cmocka_unit_test(a_next_value_of_the_wrong_length_is_refused),
        cmocka_unit_test(a_page_ends_at_its_top_and_holds_what_was_added),
        cmocka_unit_test(a_page_never_outgrows_its_message),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
