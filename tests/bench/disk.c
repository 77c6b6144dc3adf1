// SPDX-License-Identifier: MIT
#include "tests/bench/disk.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define BLOCK_BYTES 512

static const char block[BLOCK_BYTES] = {'x'};

static void fill(int file, unsigned blocks)
{
    for (unsigned i = 0; i < blocks; i++) {
        if (write(file, block, sizeof(block)) != sizeof(block)) {
            measure_fail("write");
        }
    }
    if (fsync(file) || lseek(file, 0, SEEK_SET)) {
        measure_fail("fsync");
    }
}

struct measurement disk_measure(const char *directory, bool is_written_before, unsigned syncs)
{
    char path[1024];
    snprintf(path, sizeof(path), "%s/bench-%d.sync", directory, (int)getpid());
    int file = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file < 0 || unlink(path)) {
        measure_fail(path);
    }
    if (is_written_before) {
        fill(file, syncs);
    }
    struct samples samples = {0};
    uint64_t start = measure_now_ns();
    for (unsigned i = 0; i < syncs; i++) {
        uint64_t before = measure_now_ns();
        if (write(file, block, sizeof(block)) != sizeof(block) || fdatasync(file)) {
            measure_fail("fdatasync");
        }
        samples_add(&samples, measure_now_ns() - before);
    }
    struct measurement result = {.value = syncs / ((double)(measure_now_ns() - start) / 1e9)};
    result.p50_us = samples_percentile_us(&samples, 0.5);
    result.p99_us = samples_percentile_us(&samples, 0.99);
    samples_release(&samples);
    close(file);
    return result;
}
