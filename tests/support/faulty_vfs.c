// SPDX-License-Identifier: MIT
#include "tests/support/faulty_vfs.h"

#include <sqlite3.h>
#include <string.h>

struct faulty_file {
    sqlite3_file base;
    sqlite3_file *real; /* in the bytes behind this struct */
};

static sqlite3_vfs *real_vfs;
static sqlite3_vfs faulty_vfs;
static int64_t armed;
static int64_t calls;
static bool is_armed_sticky;
static bool is_armed_full;

static bool fails(void)
{
    calls++;
    return armed > 0 && (calls == armed || (is_armed_sticky && calls > armed));
}

static int code_of(int io_error)
{
    return is_armed_full ? SQLITE_FULL : io_error;
}

static sqlite3_file *real_of(sqlite3_file *file)
{
    return ((struct faulty_file *)file)->real;
}

static int close_file(sqlite3_file *file)
{
    return real_of(file)->pMethods->xClose(real_of(file));
}

static int read_file(sqlite3_file *file, void *bytes, int size, sqlite3_int64 at)
{
    return real_of(file)->pMethods->xRead(real_of(file), bytes, size, at);
}

static int write_file(sqlite3_file *file, const void *bytes, int size, sqlite3_int64 at)
{
    bool is_failing = fails();
    int rc =
        real_of(file)->pMethods->xWrite(real_of(file), bytes, is_failing ? size / 2 : size, at);

    return is_failing ? code_of(SQLITE_IOERR_WRITE) : rc;
}

static int truncate_file(sqlite3_file *file, sqlite3_int64 size)
{
    return fails() ? SQLITE_IOERR_TRUNCATE
                   : real_of(file)->pMethods->xTruncate(real_of(file), size);
}

static int sync_file(sqlite3_file *file, int flags)
{
    return fails() ? code_of(SQLITE_IOERR_FSYNC)
                   : real_of(file)->pMethods->xSync(real_of(file), flags);
}

static int size_of_file(sqlite3_file *file, sqlite3_int64 *size)
{
    return real_of(file)->pMethods->xFileSize(real_of(file), size);
}

static int lock_file(sqlite3_file *file, int level)
{
    return real_of(file)->pMethods->xLock(real_of(file), level);
}

static int unlock_file(sqlite3_file *file, int level)
{
    return real_of(file)->pMethods->xUnlock(real_of(file), level);
}

static int check_lock(sqlite3_file *file, int *is_reserved)
{
    return real_of(file)->pMethods->xCheckReservedLock(real_of(file), is_reserved);
}

static int control(sqlite3_file *file, int operation, void *argument)
{
    return real_of(file)->pMethods->xFileControl(real_of(file), operation, argument);
}

static int sector_size(sqlite3_file *file)
{
    return real_of(file)->pMethods->xSectorSize(real_of(file));
}

static int characteristics(sqlite3_file *file)
{
    return real_of(file)->pMethods->xDeviceCharacteristics(real_of(file));
}

static int map_shared(sqlite3_file *file, int page, int size, int is_extending,
                      void volatile **memory)
{
    return real_of(file)->pMethods->xShmMap(real_of(file), page, size, is_extending, memory);
}

static int lock_shared(sqlite3_file *file, int offset, int count, int flags)
{
    return real_of(file)->pMethods->xShmLock(real_of(file), offset, count, flags);
}

static void barrier_shared(sqlite3_file *file)
{
    real_of(file)->pMethods->xShmBarrier(real_of(file));
}

static int unmap_shared(sqlite3_file *file, int is_deleting)
{
    return real_of(file)->pMethods->xShmUnmap(real_of(file), is_deleting);
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
    .xUnlock = unlock_file,
    .xCheckReservedLock = check_lock,
    .xFileControl = control,
    .xSectorSize = sector_size,
    .xDeviceCharacteristics = characteristics,
    .xShmMap = map_shared,
    .xShmLock = lock_shared,
    .xShmBarrier = barrier_shared,
    .xShmUnmap = unmap_shared,
};

static int open_file(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *got)
{
    struct faulty_file *faulty = (struct faulty_file *)file;
    int rc;

    (void)vfs;
    memset(faulty, 0, sizeof *faulty);
    if (fails()) {
        return SQLITE_CANTOPEN;
    }
    faulty->real = (sqlite3_file *)(faulty + 1);
    rc = real_vfs->xOpen(real_vfs, name, faulty->real, flags, got);
    file->pMethods = faulty->real->pMethods ? &methods : NULL;
    return rc;
}

int faulty_vfs_install(void)
{
    if (real_vfs) {
        return SQLITE_OK;
    }
    real_vfs = sqlite3_vfs_find(NULL);
    if (!real_vfs) {
        return SQLITE_ERROR;
    }
    faulty_vfs = *real_vfs;
    faulty_vfs.pNext = NULL;
    faulty_vfs.zName = "faulty";
    faulty_vfs.szOsFile = (int)sizeof(struct faulty_file) + real_vfs->szOsFile;
    faulty_vfs.xOpen = open_file;
    return sqlite3_vfs_register(&faulty_vfs, 1);
}

void faulty_vfs_arm(int64_t n, bool is_sticky, bool is_full)
{
    armed = n;
    calls = 0;
    is_armed_sticky = is_sticky;
    is_armed_full = is_full;
}

int64_t faulty_vfs_calls(void)
{
    return calls;
}
