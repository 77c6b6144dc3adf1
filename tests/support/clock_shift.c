// SPDX-License-Identifier: MIT
/* Preloaded into a process, shifts its clocks while it runs: the file that CLOCK_SHIFT_FILE names
 * holds two int64 of milliseconds, the first added to the wall clock, the second to the time since
 * boot. Whoever changes the file changes the clocks at once. CLOCK_MONOTONIC is left alone, as it
 * is by a machine that was suspended. */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_MS INT64_C(1000000)
#define NS_PER_S  INT64_C(1000000000)

struct shift {
    int64_t wall_ms;
    int64_t boot_ms;
};

static const volatile struct shift *shift;
static int (*real_clock_gettime)(clockid_t clock, struct timespec *time);

/* A file that is missing is a mistake of the test: then no process may run as if it were shifted.
 */
__attribute__((constructor)) static void shift_open(void)
{
    const char *path = getenv("CLOCK_SHIFT_FILE");
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    void *memory = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof *shift, PROT_READ, MAP_SHARED, fd, 0);

    if (memory == MAP_FAILED)
        abort();
    close(fd);
    real_clock_gettime = (__typeof__(real_clock_gettime))dlsym(RTLD_NEXT, "clock_gettime");
    shift = memory;
}

int clock_gettime(clockid_t clock, struct timespec *time)
{
    if (!real_clock_gettime)
        real_clock_gettime = (__typeof__(real_clock_gettime))dlsym(RTLD_NEXT, "clock_gettime");
    int rc = real_clock_gettime(clock, time);
    int64_t ms = rc || !shift              ? 0
                 : clock == CLOCK_REALTIME ? shift->wall_ms
                 : clock == CLOCK_BOOTTIME ? shift->boot_ms
                                           : 0;
    int64_t ns = time->tv_sec * NS_PER_S + time->tv_nsec + ms * NS_PER_MS;

    if (ms) {
        time->tv_sec = ns / NS_PER_S;
        time->tv_nsec = ns % NS_PER_S;
    }
    return rc;
}

int gettimeofday(struct timeval *restrict time, void *restrict zone)
{
    struct timespec now;

    (void)zone;
    if (clock_gettime(CLOCK_REALTIME, &now))
        return -1;
    *time = (struct timeval){.tv_sec = now.tv_sec, .tv_usec = now.tv_nsec / 1000};
    return 0;
}

time_t time(time_t *result)
{
    struct timespec now;

    if (clock_gettime(CLOCK_REALTIME, &now))
        return -1;
    if (result)
        *result = now.tv_sec;
    return now.tv_sec;
}
