// SPDX-License-Identifier: MIT
#include "tests/unit/clients/bag_scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void on_problem(void *context, const char *path, const char *problem)
{
    struct bag_reports *reports = context;

    reports->count++;
    reports->used +=
        (size_t)snprintf(reports->text + reports->used, sizeof(reports->text) - reports->used,
                         "[%s] %s\n", path, problem);
    assert_true(reports->used < sizeof(reports->text));
}

int bag_scene_set_up(void **state)
{
    struct bag_scene *scene = calloc(1, sizeof(*scene));

    assert_non_null(scene);
    sample_init(&scene->sample);
    sample_result(&scene->sample, "mailbox", SOURCE_STATE_COMPLETE, SOURCE_REASON_NONE, 2, 1, 40);
    assert_int_equal(sample_write(&scene->sample, &scene->result), 0);
    assert_true(zip_copy_read(&scene->copy, scene->result.path));
    snprintf(scene->path, sizeof(scene->path), "%s/wrong.zip", scene->sample.directory);
    *state = scene;
    return 0;
}

int bag_scene_tear_down(void **state)
{
    struct bag_scene *scene = *state;

    zip_copy_release(&scene->copy);
    sample_release(&scene->sample);
    free(scene);
    return 0;
}

int bag_scene_verify(struct bag_scene *scene, const char *path)
{
    scene->reports.used = 0;
    scene->reports.count = 0;
    scene->reports.text[0] = '\0';
    int count = bag_verify(path, on_problem, &scene->reports, NULL);

    assert_int_equal(count, count < 0 ? count : scene->reports.count);
    return count;
}

void bag_scene_expect(struct bag_scene *scene, const char *line)
{
    if (!strstr(scene->reports.text, line))
        fail_msg("expected %s\nbut found\n%s", line, scene->reports.text);
}
