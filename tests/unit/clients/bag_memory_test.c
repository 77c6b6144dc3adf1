// SPDX-License-Identifier: MIT
/* Every allocation of ours, of jansson and of libcrypto fails in turn while a bundle is checked:
 * the verdict is the right one, or that memory is short. */
#include <stdlib.h>
#include <string.h>

#include "schemas/base/errors.h"
#include "tests/support/memory_fault.h"
#include "tests/unit/clients/bag_scene.h"

#define ALLOCATIONS 100000 /* more than a check takes */

static void fail_each(struct bag_scene *scene, const char *path, int verdict,
                      void (*arm)(int number))
{
    char expected[sizeof scene->reports.text];
    int memory_count = 0;
    int number = 0;
    bool has_struck;

    assert_int_equal(bag_scene_verify(scene, path), verdict);
    memcpy(expected, scene->reports.text, sizeof expected);
    do {
        assert_true(++number < ALLOCATIONS);
        arm(number);
        int rc = bag_scene_verify(scene, path);
        has_struck = memory_fault_struck();
        memory_fault_at(0);
        if (rc == -ERROR_MEMORY) {
            memory_count++;
            assert_memory_equal(expected, scene->reports.text, scene->reports.used);
        } else {
            assert_int_equal(rc, verdict);
            assert_string_equal(scene->reports.text, expected);
        }
    } while (has_struck);
    assert_true(memory_count > 0);
}

static void a_right_bundle_is_never_called_wrong(void **state)
{
    struct bag_scene *scene = *state;

    fail_each(scene, scene->result.path, 0, memory_fault_at);
    fail_each(scene, scene->result.path, 0, memory_fault_from);
}

static void a_wrong_bundle_is_never_called_right(void **state)
{
    struct bag_scene *scene = *state;
    int problems;

    scene->copy.count--;
    zip_copy_write(&scene->copy, scene->path);
    scene->copy.count++;
    problems = bag_scene_verify(scene, scene->path);
    assert_true(problems > 0);
    fail_each(scene, scene->path, problems, memory_fault_at);
    fail_each(scene, scene->path, problems, memory_fault_from);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_right_bundle_is_never_called_wrong, bag_scene_set_up,
                                        bag_scene_tear_down),
        cmocka_unit_test_setup_teardown(a_wrong_bundle_is_never_called_right, bag_scene_set_up,
                                        bag_scene_tear_down),
    };

    memory_fault_of_libcrypto();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
