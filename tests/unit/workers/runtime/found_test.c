// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "workers/runtime/found.h"

static struct bundle_identity bundle_of(uint8_t operation, int64_t fence)
{
    return (struct bundle_identity){.tenant = {{1}}, .operation = {{operation}}, .fence = fence};
}

static void what_was_asked_about_is_taken_once(void **state)
{
    struct found found = {0};
    const struct bundle_identity bundle = bundle_of(2, 7);
    struct bundle_identity taken;

    (void)state;
    assert_false(found_take(&found, 7, &taken));
    assert_true(found_add(&found, &bundle));
    assert_true(found_add(&found, &bundle)); /* may be asked again */
    assert_true(found_take(&found, 7, &taken));
    assert_true(identity_equal(&taken, &bundle));
    assert_false(found_take(&found, 7, &taken));
}

static void of_two_bundles_with_one_fence_the_first_is_asked_about(void **state)
{
    struct found found = {0};
    const struct bundle_identity first = bundle_of(2, 7);
    const struct bundle_identity second = bundle_of(3, 7);
    struct bundle_identity taken;

    (void)state;
    assert_true(found_add(&found, &first));
    assert_false(found_add(&found, &second));
    assert_true(found_take(&found, 7, &taken));
    assert_true(identity_equal(&taken, &first));
    assert_true(found_add(&found, &second));
}

static void the_oldest_is_forgotten_when_there_is_no_room(void **state)
{
    struct found found = {0};
    struct bundle_identity taken;

    (void)state;
    for (int64_t fence = 1; fence <= FOUND_MAXIMUM + 1; fence++) {
        const struct bundle_identity bundle = bundle_of(2, fence);

        assert_true(found_add(&found, &bundle));
    }
    assert_false(found_take(&found, 1, &taken));
    assert_true(found_take(&found, 2, &taken));
    assert_true(found_take(&found, FOUND_MAXIMUM + 1, &taken));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_asked_about_is_taken_once),
        cmocka_unit_test(of_two_bundles_with_one_fence_the_first_is_asked_about),
        cmocka_unit_test(the_oldest_is_forgotten_when_there_is_no_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
