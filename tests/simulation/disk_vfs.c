// SPDX-License-Identifier: MIT
/* SQLite's view of the disk. One process uses a file at a time, so locks are given freely; shared
 * memory is the process's own and ends with it, as the kernel does it for a store of one owner. */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/simulation/clock.h"
#include "tests/simulation/disk.h"
#include "tests/simulation/random.h"

#define SHARED_REGIONS 16

struct handle {
    sqlite3_file base;
    struct disk_file *file;
    int keeps_log; /* SQLITE_FCNTL_PERSIST_WAL */
    void *shared[SHARED_REGIONS];
};

static sqlite3_vfs vfs;

static int code_of(enum disk_error error, int io_error)
{
    return error == DISK_OK ? SQLITE_OK : error == DISK_FULL ? SQLITE_FULL : io_error;
}

static struct disk_file *file_of(sqlite3_file *file)
{
    return ((struct handle *)file)->file;
}

static int unmap_shared(sqlite3_file *file, int is_deleting)
{
    struct handle *handle = (struct handle *)file;

    (void)is_deleting;
    for (size_t i = 0; i < SHARED_REGIONS; i++) {
        free(handle->shared[i]);
        handle->shared[i] = NULL;
    }
    return SQLITE_OK;
}

static int close_file(sqlite3_file *file)
{
    return unmap_shared(file, 0);
}

static int read_file(sqlite3_file *file, void *bytes, int size, sqlite3_int64 at)
{
    size_t got = disk_read(file_of(file), bytes, (size_t)size, (size_t)at);

    if (got == (size_t)size) {
        return SQLITE_OK;
    }
    memset((char *)bytes + got, 0, (size_t)size - got);
    return SQLITE_IOERR_SHORT_READ;
}

static int write_file(sqlite3_file *file, const void *bytes, int size, sqlite3_int64 at)
{
    return code_of(disk_write(file_of(file), bytes, (size_t)size, (size_t)at), SQLITE_IOERR_WRITE);
}

static int truncate_file(sqlite3_file *file, sqlite3_int64 size)
{
    return code_of(disk_truncate(file_of(file), (size_t)size), SQLITE_IOERR_TRUNCATE);
}

static int sync_file(sqlite3_file *file, int flags)
{
    (void)flags;
    return code_of(disk_synchronize(file_of(file)), SQLITE_IOERR_FSYNC);
}

static int size_of_file(sqlite3_file *file, sqlite3_int64 *size)
{
    *size = (sqlite3_int64)disk_size(file_of(file));
    return SQLITE_OK;
}

static int lock_file(sqlite3_file *file, int level)
{
    (void)file;
    (void)level;
    return SQLITE_OK;
}

static int check_lock(sqlite3_file *file, int *is_reserved)
{
    (void)file;
    *is_reserved = 0;
    return SQLITE_OK;
}

static int control(sqlite3_file *file, int operation, void *argument)
{
    struct handle *handle = (struct handle *)file;
    int *keeps_log = argument;

    if (operation != SQLITE_FCNTL_PERSIST_WAL) {
        return SQLITE_NOTFOUND;
    }
    if (*keeps_log >= 0) {
        handle->keeps_log = *keeps_log;
    }
    *keeps_log = handle->keeps_log;
    return SQLITE_OK;
}

static int sector_size(sqlite3_file *file)
{
    (void)file;
    return 4096;
}

static int characteristics(sqlite3_file *file)
{
    (void)file;
    return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

static int map_shared(sqlite3_file *file, int region, int size, int is_extending,
                      void volatile **memory)
{
    struct handle *handle = (struct handle *)file;

    if (region >= SHARED_REGIONS) {
        return SQLITE_NOMEM;
    }
    if (!handle->shared[region] && is_extending) {
        handle->shared[region] = calloc(1, (size_t)size);
    }
    *memory = handle->shared[region];
    return SQLITE_OK;
}

static int lock_shared(sqlite3_file *file, int offset, int count, int flags)
{
    (void)file;
    (void)offset;
    (void)count;
    (void)flags;
    return SQLITE_OK;
}

static void barrier_shared(sqlite3_file *file)
{
    (void)file;
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = close_file,
    .xRead = read_file,
    .xWrite = write_file,
    .xTruncate = truncate_file,
    .xSync = sync_file,
    .xFileSize = size_of_file,
    .xLock = lock_file,
    .xUnlock = lock_file,
    .xCheckReservedLock = check_lock,
    .xFileControl = control,
    .xSectorSize = sector_size,
    .xDeviceCharacteristics = characteristics,
    .xShmMap = map_shared,
    .xShmLock = lock_shared,
    .xShmBarrier = barrier_shared,
    .xShmUnmap = unmap_shared,
};

static int open_file(sqlite3_vfs *unused, const char *name, sqlite3_file *file, int flags, int *got)
{
    struct handle *handle = (struct handle *)file;
    enum disk_error error;

    (void)unused;
    memset(handle, 0, sizeof *handle);
    handle->file = name ? disk_open(name, (flags & SQLITE_OPEN_CREATE) != 0, &error) : NULL;
    if (!handle->file) {
        return SQLITE_CANTOPEN;
    }
    file->pMethods = &methods;
    if (got) {
        *got = flags;
    }
    return SQLITE_OK;
}

static int delete_file(sqlite3_vfs *unused, const char *name, int is_synchronizing)
{
    (void)unused;
    return code_of(disk_delete(name, is_synchronizing != 0), SQLITE_IOERR_DELETE);
}

static int access_file(sqlite3_vfs *unused, const char *name, int flags, int *result)
{
    (void)unused;
    (void)flags;
    *result = disk_exists(name);
    return SQLITE_OK;
}

static int full_name(sqlite3_vfs *unused, const char *name, int size, char *full)
{
    (void)unused;
    return snprintf(full, (size_t)size, "%s", name) < size ? SQLITE_OK : SQLITE_CANTOPEN;
}

static int draw_bytes(sqlite3_vfs *unused, int size, char *bytes)
{
    (void)unused;
    random_bytes(bytes, (size_t)size);
    return size;
}

static int sleep_not(sqlite3_vfs *unused, int microseconds)
{
    (void)unused;
    return microseconds;
}

static int current_time(sqlite3_vfs *unused, sqlite3_int64 *julian_ms)
{
    (void)unused;
    *julian_ms = 210866760000000 + clock_wall_ms();
    return SQLITE_OK;
}

int disk_vfs_install(void)
{
    sqlite3_vfs *real = sqlite3_vfs_find(NULL);

    if (!real) {
        return SQLITE_ERROR;
    }
    vfs = *real;
    vfs.pNext = NULL;
    vfs.zName = "simulated";
    vfs.szOsFile = (int)sizeof(struct handle);
    vfs.xOpen = open_file;
    vfs.xDelete = delete_file;
    vfs.xAccess = access_file;
    vfs.xFullPathname = full_name;
    vfs.xRandomness = draw_bytes;
    vfs.xSleep = sleep_not;
    vfs.xCurrentTimeInt64 = current_time;
    return sqlite3_vfs_register(&vfs, 1);
}
