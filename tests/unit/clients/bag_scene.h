// SPDX-License-Identifier: MIT
/* A bundle that is right, its entries to make a wrong one of, and what bag_verify says of that. */
#ifndef TESTS_UNIT_CLIENTS_BAG_SCENE_H
#define TESTS_UNIT_CLIENTS_BAG_SCENE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "clients/verify/verify.h"
#include "tests/support/bundle_sample.h"
#include "tests/support/zip_copy.h"

struct bag_reports {
    size_t used;
    int count;
    char text[65536];
};

struct bag_scene {
    struct sample sample;
    struct bundle_result result;
    struct zip_copy copy;
    struct bag_reports reports;
    char path[SAMPLE_PATH_BYTES + 32]; /* for the wrong one */
};

/* cmocka's: state becomes a struct bag_scene whose bundle is written and read into copy. */
int bag_scene_set_up(void **state);
int bag_scene_tear_down(void **state);

/* Verifies the bundle at the path and keeps what is reported. Returns what bag_verify returns. */
int bag_scene_verify(struct bag_scene *scene, const char *path);

/* The reports of the last verification must have this text: "[FILE] PROBLEM", or its beginning. */
void bag_scene_expect(struct bag_scene *scene, const char *line);

#endif
