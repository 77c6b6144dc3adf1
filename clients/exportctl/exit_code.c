// SPDX-License-Identifier: MIT
#include "clients/exportctl/exit_code.h"

#include <stddef.h>

#include "clients/library/exportclient.h"

const struct exit_code_row exit_code_rows[] = {
    {EXIT_CODE_OK, "Done; with --wait and watch, every operation is complete."},
    {EXIT_CODE_FAILED, "An operation failed, or verify or audit found problems."},
    {EXIT_CODE_USAGE, "The command line is wrong; nothing was sent."},
    {EXIT_CODE_REFUSED, "The service refused the request or the token."},
    {EXIT_CODE_NOT_FOUND, "There is no such profile, operation, bundle, store or schema."},
    {EXIT_CODE_NO_ANSWER, "No answer, or the service cannot do it now; repeating is safe."},
    {EXIT_CODE_LOCAL, "A file, the token or this computer is at fault."},
    {EXIT_CODE_SERVICE, "The service failed or its answer cannot be understood."},
    {EXIT_CODE_INTERRUPTED, "Interrupted while waiting; the operation goes on."},
    {EXIT_CODE_OK, NULL},
};

static const enum exit_code results[] = {
    [EXPORTD_OK] = EXIT_CODE_OK,
    [-EXPORTD_ERROR_ARGUMENT] = EXIT_CODE_USAGE,
    [-EXPORTD_ERROR_MEMORY] = EXIT_CODE_LOCAL,
    [-EXPORTD_ERROR_SYSTEM] = EXIT_CODE_LOCAL,
    [-EXPORTD_ERROR_TOKEN] = EXIT_CODE_LOCAL,
    [-EXPORTD_ERROR_TIMEOUT] = EXIT_CODE_NO_ANSWER,
    [-EXPORTD_ERROR_REPLY] = EXIT_CODE_SERVICE,
    [-EXPORTD_ERROR_REFUSED] = EXIT_CODE_REFUSED,
    [-EXPORTD_ERROR_UNAUTHORIZED] = EXIT_CODE_REFUSED,
    [-EXPORTD_ERROR_FORBIDDEN] = EXIT_CODE_REFUSED,
    [-EXPORTD_ERROR_NOT_FOUND] = EXIT_CODE_NOT_FOUND,
    [-EXPORTD_ERROR_CONFLICT] = EXIT_CODE_REFUSED,
    [-EXPORTD_ERROR_LIMITED] = EXIT_CODE_REFUSED,
    [-EXPORTD_ERROR_UNAVAILABLE] = EXIT_CODE_NO_ANSWER,
    [-EXPORTD_ERROR_SERVICE] = EXIT_CODE_SERVICE,
    [-EXPORTD_ERROR_INTERRUPTED] = EXIT_CODE_INTERRUPTED,
    [-EXPORTD_ERROR_CERTIFICATE] = EXIT_CODE_LOCAL,
    [-EXPORTD_ERROR_DENIED] = EXIT_CODE_REFUSED,
};

enum exit_code exit_code_of(int result)
{
    int count = (int)(sizeof(results) / sizeof(results[0]));

    return result <= 0 && result > -count ? results[-result] : EXIT_CODE_SERVICE;
}
