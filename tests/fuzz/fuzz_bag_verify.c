// SPDX-License-Identifier: MIT
/* Any bytes as a bundle file: bag_verify must come back with an answer. Bytes that are no ZIP at
 * all are soon boring, so an input that does not begin like one is taken as the lines of a manifest
 * instead. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "clients/verify/manifest.h"
#include "clients/verify/verify.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/memory_file.h"

static void on_problem(void *context, const char *path, const char *problem)
{
    size_t *total = context;

    for (const char *at = path; *at; at++) {
        if (*at < ' ' || *at == 0x7f)
            abort();
    }
    *total += strlen(problem);
}

static int on_line(void *context, const struct manifest_line *line)
{
    size_t *total = context;

    if (container_name_fault(line->path))
        abort();
    *total += strlen(line->path);
    return 0;
}

static void try_manifest(const uint8_t *data, size_t size_bytes)
{
    size_t total = 0;
    struct problems problems = {on_problem, &total, 0};
    struct manifest manifest = {
        .name = "manifest", .problems = &problems, .visitor = on_line, .context = &total};
    size_t half = size_bytes / 2;

    (void)manifest_take(&manifest, data, half);
    (void)manifest_take(&manifest, data + half, size_bytes - half);
    (void)manifest_end(&manifest);
}

static void try_bundle(const uint8_t *data, size_t size_bytes)
{
    struct memory_file file;
    size_t total = 0;

    memory_file_open(&file, data, size_bytes);
    (void)bag_verify(file.path, on_problem, &total, NULL);
    memory_file_close(&file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
    if (size_bytes >= 2 && data[0] == 'P' && data[1] == 'K')
        try_bundle(data, size_bytes);
    else
        try_manifest(data, size_bytes);
    return 0;
}
