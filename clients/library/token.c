// SPDX-License-Identifier: MIT
#include "clients/library/token.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clients/library/failure.h"

/* One or more printable characters other than a space; a JWT has no others. */
static int token_check(struct text text, const char *target, struct exportd_error *error)
{
    if (text.size_bytes == 0) {
        return failure(error, EXPORTD_ERROR_TOKEN, target, "The access token is empty.");
    }
    if (text.size_bytes > LIMIT_TOKEN_BYTES) {
        return failure(error, EXPORTD_ERROR_TOKEN, target, "The access token is too long.");
    }
    for (uint32_t i = 0; i < text.size_bytes; i++) {
        if (text.data[i] < '!' || text.data[i] > '~') {
            return failure(error, EXPORTD_ERROR_TOKEN, target,
                           "The access token has characters that no token has.");
        }
    }
    return EXPORTD_OK;
}

static int copy(char **target, const char *source, struct exportd_error *error)
{
    if (!source) {
        return EXPORTD_OK;
    }
    *target = strdup(source);
    return *target ? EXPORTD_OK : failure(error, EXPORTD_ERROR_MEMORY, NULL, NULL);
}

int token_init(struct token *token, const char *text, const char *file, struct exportd_error *error)
{
    int rc;

    *token = (struct token){0};
    if (text && file) {
        return failure(error, EXPORTD_ERROR_ARGUMENT, "token",
                       "Give a token or a token file, not both.");
    }
    if (text && strlen(text) > LIMIT_TOKEN_BYTES) {
        return failure(error, EXPORTD_ERROR_TOKEN, "token", "The access token is too long.");
    }
    rc = text ? token_check(text_of(text), "token", error) : EXPORTD_OK;
    if (rc == EXPORTD_OK) {
        rc = copy(&token->text, text, error);
    }
    if (rc == EXPORTD_OK) {
        rc = copy(&token->file, file, error);
    }
    if (rc != EXPORTD_OK) {
        token_release(token);
    }
    return rc;
}

void token_release(struct token *token)
{
    if (token->text) {
        explicit_bzero(token->text, strlen(token->text));
    }
    free(token->text);
    free(token->file);
    *token = (struct token){0};
}

static int read_all(int fd, char *buffer, size_t buffer_bytes, size_t *size_bytes)
{
    size_t size = 0;

    while (size < buffer_bytes) {
        ssize_t got = read(fd, buffer + size, buffer_bytes - size);

        if (got == 0) {
            break;
        }
        if (got > 0) {
            size += (size_t)got;
        } else if (errno != EINTR) {
            return -1;
        }
    }
    *size_bytes = size;
    return 0;
}

static int read_file(const char *path, int fd, char buffer[TOKEN_BUFFER_BYTES], struct text *text,
                     struct exportd_error *error)
{
    struct stat status;
    size_t size = 0;

    if (fstat(fd, &status) != 0) {
        return failure_of_system(error, EXPORTD_ERROR_TOKEN, path, "The token file cannot be read");
    }
    if (!S_ISREG(status.st_mode)) {
        return failure(error, EXPORTD_ERROR_TOKEN, path, "The token file is not a regular file.");
    }
    if (status.st_mode & (S_IWGRP | S_IWOTH)) {
        return failure(error, EXPORTD_ERROR_TOKEN, path,
                       "The token file can be written by others than its owner.");
    }
    if (read_all(fd, buffer, TOKEN_BUFFER_BYTES, &size) != 0) {
        return failure_of_system(error, EXPORTD_ERROR_TOKEN, path, "The token file cannot be read");
    }
    while (size > 0 && (buffer[size - 1] == '\n' || buffer[size - 1] == '\r')) {
        size--;
    }
    *text = (struct text){buffer, (uint32_t)size};
    return token_check(*text, path, error);
}

int token_read(const struct token *token, char buffer[TOKEN_BUFFER_BYTES], struct text *text,
               struct exportd_error *error)
{
    int fd;
    int rc;

    if (!token->file) {
        *text = token->text ? text_of(token->text) : (struct text){0};
        return EXPORTD_OK;
    }
    /* A FIFO would block the open; it is refused after it. */
    fd = open(token->file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) {
        return failure_of_system(error, EXPORTD_ERROR_TOKEN, token->file,
                                 "The token file cannot be opened");
    }
    rc = read_file(token->file, fd, buffer, text, error);
    if (close(fd) != 0 && rc == EXPORTD_OK) {
        rc = failure_of_system(error, EXPORTD_ERROR_TOKEN, token->file,
                               "The token file cannot be closed");
    }
    return rc;
}
