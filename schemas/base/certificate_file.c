// SPDX-License-Identifier: MIT
#include "schemas/base/certificate_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "schemas/base/errors.h"
#include "schemas/base/file_mode.h"

static int fail(char *message, const char *path, const char *reason)
{
    snprintf(message, CERTIFICATE_MESSAGE_BYTES, "%s: %s", path, reason);
    return -ERROR_CONFIGURATION;
}

static int check_file(int file, const char *path, enum certificate_kind kind, char *message)
{
    const char *problem;
    struct stat status;

    if (fstat(file, &status)) {
        return fail(message, path, strerror(errno));
    }
    if (!S_ISREG(status.st_mode)) {
        return fail(message, path, "not a regular file");
    }
    if (kind == CERTIFICATE_SECRET) {
        if (status.st_uid != geteuid()) {
            return fail(message, path, "a secret key must belong to the user of the process");
        }
        if (status.st_mode & (S_IRWXG | S_IRWXO)) {
            return fail(message, path, "others can reach this secret key (chmod 600)");
        }
    }
    problem = file_mode_problem(&status);
    return problem ? fail(message, path, problem) : 0;
}

static int read_all(int file, const char *path, char *bytes, size_t *size_bytes, char *message)
{
    size_t used = 0;
    ssize_t got = 1;

    while (got != 0 && used <= CERTIFICATE_BYTES) {
        got = read(file, bytes + used, CERTIFICATE_BYTES + 1 - used);
        if (got < 0 && errno != EINTR) {
            return fail(message, path, strerror(errno));
        }
        used += got > 0 ? (size_t)got : 0;
    }
    *size_bytes = used;
    return 0;
}

static int check_kind(const char *path, enum certificate_kind kind, struct certificate *certificate,
                      char *message)
{
    bool has_secret = certificate->secret_key[0] != '\0';

    if (kind == CERTIFICATE_SECRET && !has_secret) {
        return fail(message, path,
                    "curve.secret-key: found nothing, expected a secret certificate");
    }
    if (kind == CERTIFICATE_PUBLIC && has_secret) {
        return fail(message, path,
                    "curve.secret-key: found one, expected a public certificate without it");
    }
    if (kind == CERTIFICATE_EITHER) {
        certificate_forget(certificate);
    }
    return 0;
}

int certificate_read(const char *path, enum certificate_kind kind, struct certificate *certificate,
                     char message[CERTIFICATE_MESSAGE_BYTES])
{
    char bytes[CERTIFICATE_BYTES + 1];
    size_t size_bytes = 0;
    struct certificate_problem problem;
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    int rc =
        file < 0 ? fail(message, path, strerror(errno)) : check_file(file, path, kind, message);

    if (!rc) {
        rc = read_all(file, path, bytes, &size_bytes, message);
    }
    if (!rc &&
        certificate_parse((struct text){bytes, (uint32_t)size_bytes}, certificate, &problem)) {
        snprintf(message, CERTIFICATE_MESSAGE_BYTES, "%s:%u: %s", path, problem.line, problem.text);
        rc = -ERROR_CONFIGURATION;
    }
    if (!rc) {
        rc = check_kind(path, kind, certificate, message);
    }
    explicit_bzero(bytes, sizeof bytes);
    if (file >= 0) {
        close(file);
    }
    return rc;
}
