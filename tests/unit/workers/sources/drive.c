// SPDX-License-Identifier: MIT
#include "tests/unit/workers/sources/drive.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct source_settings drive_settings_of(const struct drive *place)
{
    return (struct source_settings){
        .name = TEXT("drive"),
        .kind = SOURCE_FILES,
        .root = text_of(place->root),
        .pattern = TEXT("drive/{tenant_id}/{user_id}"),
        .maximum_rows = INT64_MAX,
        .maximum_files = INT64_MAX,
        .maximum_bytes = INT64_MAX,
    };
}

int drive_set_up(void **state)
{
    struct drive *place = calloc(1, sizeof(*place));

    assert_int_equal(temporary_make(place->directory), 0);
    snprintf(place->root, sizeof(place->root), "%s/root", place->directory);
    snprintf(place->folder, sizeof(place->folder), "%s/drive/" TENANT "/" USER, place->root);
    assert_int_equal(temporary_directories(place->folder), 0);
    place->recording.keeps_data = true;
    *state = place;
    return 0;
}

int drive_tear_down(void **state)
{
    struct drive *place = *state;

    source_close(&place->source);
    recording_release(&place->recording);
    temporary_remove(place->directory);
    free(place);
    return 0;
}

const char *drive_below(const char *folder, const char *name, char path[PATH_BYTES])
{
    int size = snprintf(path, PATH_BYTES, "%s/%s", folder, name);

    assert_in_range(size, 1, PATH_BYTES - 1);
    return path;
}

void drive_put(const char *folder, const char *name, const char *content)
{
    assert_int_equal(temporary_write(folder, name, content, strlen(content)), 0);
}

void drive_make_folder(const char *folder, const char *name)
{
    char path[PATH_BYTES];

    assert_int_equal(mkdir(drive_below(folder, name, path), 0700), 0);
}

void drive_open_with(struct drive *place, const struct source_settings *settings)
{
    source_close(&place->source);
    if (source_open(&place->source, settings, &place->problem))
        fail_msg("%s: %s", place->problem.key, place->problem.message);
}

void drive_gather_as(struct drive *place, const struct source_subject *subject)
{
    assert_int_equal(recording_gather(&place->recording, place->source, subject, &place->outcome),
                     0);
}

void drive_gather(struct drive *place)
{
    const struct source_settings settings = drive_settings_of(place);

    drive_open_with(place, &settings);
    drive_gather_as(place, &somebody);
}

void drive_assert_ended(const struct drive *place, enum source_state expected,
                        enum source_reason reason)
{
    assert_string_equal(source_state_name(place->outcome.state), source_state_name(expected));
    assert_string_equal(source_reason_name(place->outcome.reason), source_reason_name(reason));
}
