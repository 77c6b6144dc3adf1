// SPDX-License-Identifier: MIT
/* Bundles for tests: a scratch folder, and a made-up person's bundle written by the real writer.
 * Failures of the sample itself end the test. */
#ifndef TESTS_SUPPORT_BUNDLE_SAMPLE_H
#define TESTS_SUPPORT_BUNDLE_SAMPLE_H

#include "workers/bundle/bundle.h"

#define SAMPLE_TENANT     "0190a000-0000-7000-8000-000000000001"
#define SAMPLE_OPERATION  "0190b000-0000-7000-8000-000000000002"
#define SAMPLE_FENCE      0x100000002ll
#define SAMPLE_STEM       SAMPLE_OPERATION "-0000000100000002"
#define SAMPLE_PATH_BYTES 512

struct sample {
    char directory[SAMPLE_PATH_BYTES]; /* for bundles, below a scratch folder of its own */
    struct bundle_options options;
    struct uuid tenant;
    struct uuid operation;
    struct wall now;
    struct request_info request_info;
    struct wire_output results; /* encoded, of the completeness */
    struct completeness completeness;
};

void sample_init(struct sample *sample);
void sample_release(struct sample *sample); /* removes the scratch folder */

/* What the completeness says of the sources so far; the name is borrowed until sample_release. */
void sample_result(struct sample *sample, const char *name, enum source_state state,
                   enum source_reason reason, int64_t rows, int64_t files, int64_t bytes);

/* Begins the bundle of SAMPLE_OPERATION. */
int sample_begin(struct sample *sample, struct bundle_writer **bundle);

/* A whole entry. */
int sample_entry(struct bundle_writer *bundle, const char *source, const char *name,
                 const void *data, size_t size_bytes);

/* Begins, fills and finishes a bundle of two sources and four files, one with an unsafe name. */
int sample_write(struct sample *sample, struct bundle_result *result);

/* Runs a shell command; its exit code. Output goes to the test's. */
int sample_run(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Whether a program is on the PATH; says so when not. */
bool sample_has(const char *program);

/* A whole file; owned by the caller. */
char *sample_read(const char *path, size_t *size_bytes);
void sample_save(const char *path, const void *data, size_t size_bytes);

#endif
