// SPDX-License-Identifier: MIT
#include "tests/support/temporary.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "schemas/base/errors.h"

#define PATH_BYTES         1024
#define DESCRIPTORS_OF_FTW 16

int temporary_make(char path[TEMPORARY_BUFFER])
{
    const char *root = getenv("TMPDIR");
    char template[TEMPORARY_BUFFER];
    int length = snprintf(template, sizeof(template), "%s/exportd-XXXXXX",
                          root && root[0] == '/' ? root : "/tmp");
    if (length < 0 || (size_t)length >= sizeof(template)) {
        return -ERROR_TOO_LONG;
    }
    if (!mkdtemp(template)) {
        return -ERROR_IO;
    }
    memcpy(path, template, sizeof(template));
    return 0;
}

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *at)
{
    (void)status;
    (void)at;
    return kind == FTW_DP ? rmdir(path) : unlink(path);
}

int temporary_remove(const char *path)
{
    if (!path[0]) {
        return 0;
    }
    return nftw(path, remove_entry, DESCRIPTORS_OF_FTW, FTW_DEPTH | FTW_PHYS) ? -ERROR_IO : 0;
}

int temporary_directories(const char *path)
{
    char copy[PATH_BYTES];
    int length = snprintf(copy, sizeof(copy), "%s", path);
    if (length < 0 || (size_t)length >= sizeof(copy)) {
        return -ERROR_TOO_LONG;
    }
    for (char *slash = strchr(copy + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(copy, 0700) && errno != EEXIST) {
            return -ERROR_IO;
        }
        *slash = '/';
    }
    return mkdir(copy, 0700) && errno != EEXIST ? -ERROR_IO : 0;
}

int temporary_write(const char *directory, const char *name, const void *bytes, size_t size)
{
    char path[PATH_BYTES];
    int length = snprintf(path, sizeof(path), "%s/%s", directory, name);
    if (length < 0 || (size_t)length >= sizeof(path)) {
        return -ERROR_TOO_LONG;
    }
    FILE *file = fopen(path, "we");
    if (!file) {
        return -ERROR_IO;
    }
    int rc = 0;
    if (chmod(path, 0600) || (size && fwrite(bytes, size, 1, file) != 1)) {
        rc = -ERROR_IO;
    }
    if (fclose(file)) {
        rc = -ERROR_IO;
    }
    return rc;
}
