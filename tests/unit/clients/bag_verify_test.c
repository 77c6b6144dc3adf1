// SPDX-License-Identifier: MIT
/* Bags that others packed again, folders, and what is no bag at all. */
#include <stdio.h>

#include "schemas/base/errors.h"
#include "tests/unit/clients/bag_scene.h"

#define LETTER "data/files/letters/2026/a.txt"

static void a_bag_packed_again_by_others_is_still_right(void **state)
{
    struct bag_scene *scene = *state;

    zip_copy_write(&scene->copy, scene->path);
    assert_int_equal(bag_scene_verify(scene, scene->path), 0);
    if (!sample_has("zip") || !sample_has("unzip"))
        return;
    assert_int_equal(sample_run("cd '%s' && unzip -qq '%s' && rm '%s' && zip -qr '%s' " SAMPLE_STEM,
                                scene->sample.directory, scene->result.path, scene->path,
                                scene->path),
                     0);
    if (bag_scene_verify(scene, scene->path) != 0)
        fail_msg("%s", scene->reports.text);
}

static void a_folder_is_checked_like_a_file(void **state)
{
    struct bag_scene *scene = *state;
    char folder[SAMPLE_PATH_BYTES + 80];

    if (!sample_has("unzip"))
        return;
    assert_int_equal(
        sample_run("cd '%s' && unzip -qq '%s'", scene->sample.directory, scene->result.path), 0);
    snprintf(folder, sizeof(folder), "%s/" SAMPLE_STEM, scene->sample.directory);
    assert_int_equal(bag_scene_verify(scene, folder), 0);
    assert_int_equal(sample_run("cd '%s' && echo x > data/files/new && echo x >> " LETTER
                                " && ln -s a data/files/link && mkfifo data/files/pipe",
                                folder),
                     0);
    assert_int_equal(bag_scene_verify(scene, folder), 5);
    bag_scene_expect(scene, "[data/files/new] it is not listed in manifest-sha256.txt");
    bag_scene_expect(scene, "[" LETTER "] its content has another digest");
    bag_scene_expect(scene, "[data/files/link] it is a link or a special file");
    bag_scene_expect(scene, "[data/files/pipe] it is a link or a special file");
    bag_scene_expect(scene, "[bag-info.txt] its Payload-Oxum");
}

static void what_cannot_be_checked_is_an_error(void **state)
{
    struct bag_scene *scene = *state;

    assert_int_equal(bag_scene_verify(scene, "/nonexistent/x.zip"), -ERROR_NOT_FOUND);
    assert_int_equal(bag_scene_verify(scene, "/dev/null"), -ERROR_IO);
    assert_int_equal(sample_run("true > '%s'", scene->path), 0);
    assert_int_equal(bag_scene_verify(scene, scene->path), 7);
    bag_scene_expect(scene, "[(bundle)] no ZIP end record that fits");
    assert_int_equal(bag_verify(scene->result.path, NULL, NULL, NULL), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, bag_scene_set_up, bag_scene_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_bag_packed_again_by_others_is_still_right),
        TEST(a_folder_is_checked_like_a_file),
        TEST(what_cannot_be_checked_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
