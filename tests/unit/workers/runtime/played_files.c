// SPDX-License-Identifier: MIT
/* What the played worker left on the disk. */
#include "tests/unit/workers/runtime/played.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <ftw.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MARK ".unrecorded"

static char sought[32];
static bool seeks_marks;
static int found;

static int look(const char *path, const struct stat *status, int kind, struct FTW *at)
{
    const char *name = path + at->base;
    bool is_mark = strstr(name, MARK) != NULL;

    (void)status;
    found += kind == FTW_F && is_mark == seeks_marks && strstr(name, sought) != NULL;
    return 0;
}

static int count(const struct played *played, int64_t fence, bool marks)
{
    char path[256];

    snprintf(path, sizeof(path), "%s/bundles", played->directory);
    snprintf(sought, sizeof(sought), "-%016" PRIx64 ".zip", (uint64_t)fence);
    seeks_marks = marks;
    found = 0;
    nftw(path, look, 8, FTW_PHYS);
    return found;
}

int played_files(const struct played *played, int64_t fence)
{
    return count(played, fence, false);
}

int played_marks(const struct played *played, int64_t fence)
{
    return count(played, fence, true);
}

static void expect(const struct played *played, int64_t fence, bool marks, int expected)
{
    struct mono end = {mono_now().ms + PLAYED_WAIT_MS};

    while (count(played, fence, marks) != expected) {
        if (mono_now().ms > end.ms)
            fail_msg("%d %s, expected %d", count(played, fence, marks), marks ? "marks" : "files",
                     expected);
        usleep(2000);
    }
}

void played_expect_files(const struct played *played, int64_t fence, int expected)
{
    expect(played, fence, false, expected);
}

void played_expect_marks(const struct played *played, int64_t fence, int expected)
{
    expect(played, fence, true, expected);
}

void played_leave(const struct played *played, const char *operation, int64_t fence,
                  const char *suffix)
{
    char path[256];
    char name[128];

    snprintf(path, sizeof(path), "%s/bundles/" PLAYED_TENANT, played->directory);
    snprintf(name, sizeof(name), "%s-%016" PRIx64 ".zip%s", operation, (uint64_t)fence, suffix);
    assert_int_equal(temporary_directories(path), 0);
    assert_int_equal(temporary_write(path, name, "", 0), 0);
}

bool played_log_has(const struct played *played, const char *part)
{
    static char text[1 << 20];
    FILE *file = fopen(played->log, "r");
    size_t size = file ? fread(text, 1, sizeof(text) - 1, file) : 0;

    if (file)
        fclose(file);
    text[size] = '\0';
    return strstr(text, part) != NULL;
}

void played_expect_log(const struct played *played, const char *part)
{
    struct mono end = {mono_now().ms + PLAYED_WAIT_MS};

    while (!played_log_has(played, part)) {
        if (mono_now().ms > end.ms)
            fail_msg("not logged: %s", part);
        usleep(2000);
    }
}
