// SPDX-License-Identifier: MIT
#include "tests/simulation/clock.h"

#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "daemon/store/reserve.h"
#include "schemas/base/clock.h"
#include "tests/simulation/disk.h"
#include "tests/simulation/random.h"

#define START_MS      1000000
#define START_WALL_MS 1800000000000 /* 2027-01-15 */

static int64_t now;
static int64_t offset;
static bool is_disk_low;

/* The linker's names. */
struct mono __wrap_mono_now(void);
struct wall __wrap_wall_now(void);
ssize_t __wrap_getrandom(void *bytes, size_t size_bytes, unsigned flags);
int __real_stat(const char *path, struct stat *status);
int __wrap_stat(const char *path, struct stat *status);
int __wrap_statvfs(const char *path, struct statvfs *space);
bool __wrap_reserve_take(const char *directory);
void __wrap_reserve_release(const char *directory);

void clock_reset(void)
{
    now = START_MS;
    is_disk_low = false;
    clock_right();
}

int64_t clock_now_ms(void)
{
    return now;
}

void clock_set_ms(int64_t now_ms)
{
    now = now_ms;
}

int64_t clock_wall_ms(void)
{
    return now + offset;
}

void clock_jump_ms(int64_t by_ms)
{
    offset += by_ms;
}

void clock_right(void)
{
    offset = START_WALL_MS - START_MS;
}

void clock_disk_is_low(bool is_low)
{
    is_disk_low = is_low;
}

struct mono __wrap_mono_now(void)
{
    return (struct mono){now};
}

struct wall __wrap_wall_now(void)
{
    return (struct wall){clock_wall_ms()};
}

ssize_t __wrap_getrandom(void *bytes, size_t size_bytes, unsigned flags)
{
    (void)flags;
    random_bytes(bytes, size_bytes);
    return (ssize_t)size_bytes;
}

/* The registry is a file of the made-up disk, which nobody replaces. */
int __wrap_stat(const char *path, struct stat *status)
{
    if (!strstr(path, "/registry.")) {
        return __real_stat(path, status);
    }
    memset(status, 0, sizeof *status);
    return 0;
}

int __wrap_statvfs(const char *path, struct statvfs *space)
{
    (void)path;
    memset(space, 0, sizeof *space);
    space->f_frsize = 4096;
    space->f_bavail = is_disk_low || disk_is_full() ? 0 : 1U << 30;
    return 0;
}

bool __wrap_reserve_take(const char *directory)
{
    (void)directory;
    return disk_reserve(RESERVE_BYTES);
}

void __wrap_reserve_release(const char *directory)
{
    (void)directory;
    disk_reserve_end();
}
