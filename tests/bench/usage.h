// SPDX-License-Identifier: MIT
/* What another process uses, by the kernel's own count. */
#ifndef TESTS_BENCH_USAGE_H
#define TESTS_BENCH_USAGE_H

#include <sys/types.h>

/* What it has computed so far: a busy machine makes times longer, not this. */
double usage_computed_seconds(pid_t pid);

/* A field of /proc/PID/status that is in kB: "VmRSS:", "VmHWM:". */
double usage_memory_mib(pid_t pid, const char *field);

#endif
