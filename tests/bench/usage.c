// SPDX-License-Identifier: MIT
#include "tests/bench/usage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/bench/measure.h"

double usage_computed_seconds(pid_t pid)
{
    clockid_t clock;
    struct timespec used = {0};
    if (clock_getcpuclockid(pid, &clock) || clock_gettime(clock, &used)) {
        measure_fail("clock");
    }
    return (double)used.tv_sec + (double)used.tv_nsec / 1e9;
}

double usage_memory_mib(pid_t pid, const char *field)
{
    char path[64];
    char line[256];
    double mib = -1;
    snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
    FILE *file = fopen(path, "re");
    while (file && fgets(line, sizeof(line), file)) {
        if (strncmp(line, field, strlen(field)) == 0) {
            mib = strtod(line + strlen(field), NULL) / 1024;
        }
    }
    if (!file || mib < 0) {
        measure_fail(path);
    }
    (void)fclose(file);
    return mib;
}
