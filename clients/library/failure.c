// SPDX-License-Identifier: MIT
#include "clients/library/failure.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "schemas/codec/codec.h"
#include "schemas/messages.h"

static const char *const result_texts[] = {
    [EXPORTD_OK] = "Success.",
    [-EXPORTD_ERROR_ARGUMENT] = "An argument is missing or malformed; nothing was sent.",
    [-EXPORTD_ERROR_MEMORY] = "Out of memory.",
    [-EXPORTD_ERROR_SYSTEM] = "The operating system refused.",
    [-EXPORTD_ERROR_TOKEN] = "The access token cannot be used; nothing was sent.",
    [-EXPORTD_ERROR_TIMEOUT] = "No answer came in time; the request may have been carried out.",
    [-EXPORTD_ERROR_REPLY] = "The answer cannot be understood.",
    [-EXPORTD_ERROR_REFUSED] = "The service refused the request.",
    [-EXPORTD_ERROR_UNAUTHORIZED] = "The service does not accept the access token.",
    [-EXPORTD_ERROR_FORBIDDEN] = "The caller is not permitted to do this.",
    [-EXPORTD_ERROR_NOT_FOUND] = "There is no such profile or operation.",
    [-EXPORTD_ERROR_CONFLICT] = "The request contradicts what is there.",
    [-EXPORTD_ERROR_LIMITED] = "Too many requests.",
    [-EXPORTD_ERROR_UNAVAILABLE] = "The service cannot do it now.",
    [-EXPORTD_ERROR_SERVICE] = "The service failed.",
    [-EXPORTD_ERROR_INTERRUPTED] = "A signal arrived.",
    [-EXPORTD_ERROR_CERTIFICATE] = "A certificate cannot be used; nothing was sent.",
    [-EXPORTD_ERROR_DENIED] = "The service does not let this key connect; nothing was sent.",
};

static const struct {
    int status;
    int result;
} status_results[] = {
    {401, EXPORTD_ERROR_UNAUTHORIZED}, {403, EXPORTD_ERROR_FORBIDDEN},
    {404, EXPORTD_ERROR_NOT_FOUND},    {409, EXPORTD_ERROR_CONFLICT},
    {429, EXPORTD_ERROR_LIMITED},      {503, EXPORTD_ERROR_UNAVAILABLE},
    {504, EXPORTD_ERROR_UNAVAILABLE},  {507, EXPORTD_ERROR_UNAVAILABLE},
};

const char *exportd_result_text(int result)
{
    size_t count = sizeof(result_texts) / sizeof(result_texts[0]);

    if (result > 0 || result <= -(int)count) {
        return "Unknown result.";
    }
    return result_texts[-result];
}

int failure_result_of(int status)
{
    for (size_t i = 0; i < sizeof(status_results) / sizeof(status_results[0]); i++) {
        if (status_results[i].status == status) {
            return status_results[i].result;
        }
    }
    return status < 500 ? EXPORTD_ERROR_REFUSED : EXPORTD_ERROR_SERVICE;
}

void failure_copy(char *array, size_t array_bytes, struct text text)
{
    size_t bytes = text.size_bytes;

    if (bytes >= array_bytes) {
        bytes = array_bytes - 1;
        while (bytes > 0 && ((unsigned char)text.data[bytes] & 0xc0) == 0x80) {
            bytes--;
        }
    }
    if (bytes > 0) {
        memcpy(array, text.data, bytes);
    }
    array[bytes] = '\0';
}

void failure_clear(struct exportd_error *error)
{
    if (error) {
        *error = (struct exportd_error){0};
    }
}

int failure(struct exportd_error *error, int result, const char *target, const char *message)
{
    if (!error) {
        return result;
    }
    error->result = result;
    failure_copy(error->message, sizeof(error->message),
                 text_of(message ? message : exportd_result_text(result)));
    if (target) {
        failure_copy(error->target, sizeof(error->target), text_of(target));
    }
    return result;
}

int failure_of_system(struct exportd_error *error, int result, const char *target,
                      const char *message)
{
    char whole[512];
    char reason[128];

    snprintf(whole, sizeof(whole), "%s: %s", message, strerror_r(errno, reason, sizeof(reason)));
    return failure(error, result, target, whole);
}

static int64_t retry_after_of(const msgpack_object *root)
{
    const msgpack_object *seconds = wire_find(root, "retryAfter");
    bool is_number = seconds && seconds->type == MSGPACK_OBJECT_POSITIVE_INTEGER;

    return is_number && seconds->via.u64 <= INT32_MAX ? (int64_t)seconds->via.u64 : 0;
}

int failure_of_reply(struct exportd_error *error, int status, const msgpack_object *root)
{
    int result = failure_result_of(status);
    const msgpack_object *object = wire_find(root, "error");
    struct wire_error wrong;
    struct error told;

    failure(error, result, NULL, NULL);
    if (!error) {
        return result;
    }
    error->status = status;
    error->retry_after_seconds = retry_after_of(root);
    if (!object || error_decode(object, &told, &wrong) != 0) {
        return result;
    }
    failure_copy(error->code, sizeof(error->code), told.code);
    failure_copy(error->message, sizeof(error->message), told.message);
    failure_copy(error->inner_code, sizeof(error->inner_code), told.inner_error.code);
    if (told.has_target) {
        failure_copy(error->target, sizeof(error->target), told.target);
    }
    return result;
}
