// SPDX-License-Identifier: MIT
#include "clients/exportctl/session.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "clients/exportctl/output.h"

enum { TRY_MS = 2000, SAFE_BYTES = 4096 };

/* What to do about a result; the first row that fits. An inner code is more precise than a result.
 */
static const struct {
    int result;
    const char *inner_code; /* NULL: any */
    const char *advice;
} advices[] = {
    {EXPORTD_ERROR_UNAUTHORIZED, "tokenMissing",
     "Give the access token by --token-file or EXPORTD_TOKEN."},
    {EXPORTD_ERROR_UNAUTHORIZED, "personalAccount", "Use a work or school account."},
    {EXPORTD_ERROR_UNAUTHORIZED, NULL, "Get a new access token."},
    {EXPORTD_ERROR_FORBIDDEN, "notRequester",
     "Use a token of who requested it, or one with the scope permissions.approver_scope."},
    {EXPORTD_ERROR_FORBIDDEN, "ownRequest", "Ask another approver of your tenant."},
    {EXPORTD_ERROR_FORBIDDEN, "operatorNeeded",
     "Use a token of a person whom permissions.operators in exportd.yaml names."},
    {EXPORTD_ERROR_FORBIDDEN, "identityRole",
     "Give the --certificate of a key with the role that this request needs: operator to pause and "
     "resume."},
    {EXPORTD_ERROR_FORBIDDEN, "identityTenant",
     "Give the --certificate of a key that is not limited to other tenants than the token's."},
    {EXPORTD_ERROR_FORBIDDEN, NULL,
     "Use a delegated token with the scope that this request needs."},
    {EXPORTD_ERROR_NOT_FOUND, NULL,
     "Check the id; what belongs to another tenant is not shown either."},
    {EXPORTD_ERROR_CONFLICT, "idempotencyKeyReused", "Use another --key for this person."},
    {EXPORTD_ERROR_CONFLICT, "operationEnded",
     "There is nothing left to cancel; exportctl get shows how it ended."},
    {EXPORTD_ERROR_CONFLICT, "operationDecided",
     "exportctl why says who decided; cancel ends one that was approved."},
    {EXPORTD_ERROR_CONFLICT, "operationNotAwaiting",
     "There is nothing to decide; exportctl pending lists what there is."},
    {EXPORTD_ERROR_CONFLICT, "operationNotFailed",
     "There is nothing to retry; exportctl why says what it is waiting for."},
    {EXPORTD_ERROR_CONFLICT, "tooManyPauses",
     "Resume tenants that exportctl pauses shows, or pause with --everything."},
    {EXPORTD_ERROR_LIMITED, NULL, "Wait and repeat the command."},
    {EXPORTD_ERROR_TIMEOUT, NULL,
     "Is exportd running there? Check --server, or give it longer with --timeout."},
    {EXPORTD_ERROR_DENIED, NULL,
     "Put the public certificate into the folder curve.identities of exportd with a role that may "
     "ask, send it SIGHUP, and give --certificate and --server-certificate."},
    {EXPORTD_ERROR_UNAVAILABLE, NULL, "Repeat the command later."},
    {EXPORTD_ERROR_REPLY, NULL, "Is it exportd that answers there, and of this version?"},
    {EXPORTD_ERROR_SERVICE, NULL, "Look into the service's log for the request id."},
};

static const char *advice_of(const struct exportd_error *error)
{
    for (size_t i = 0; i < sizeof(advices) / sizeof(advices[0]); i++) {
        if (advices[i].result == error->result &&
            (!advices[i].inner_code || strcmp(advices[i].inner_code, error->inner_code) == 0)) {
            return advices[i].advice;
        }
    }
    return NULL;
}

static void print_part(const char *before, const char *text, const char *after)
{
    char safe[SAFE_BYTES];

    if (text && text[0] != '\0') {
        fprintf(stderr, "%s%s%s", before, output_escape(text, safe, sizeof(safe)), after);
    }
}

enum exit_code session_fail(const struct exportd_error *error, const char *subject)
{
    const char *advice = advice_of(error);

    fputs("exportctl: ", stderr);
    print_part("", subject, ": ");
    print_part("", error->message, "");
    print_part(" (", error->inner_code, ")");
    print_part(" [", error->target, "]");
    fputc('\n', stderr);
    if (error->retry_after_seconds > 0) {
        fprintf(stderr, "  Repeat the command after %lld seconds.\n",
                (long long)error->retry_after_seconds);
    } else if (advice) {
        fprintf(stderr, "  %s\n", advice);
    }
    if (error->status != 0) {
        print_part("  Request id: ", error->request_id, "\n");
    }
    return exit_code_of(error->result);
}

/* Results that are about the one operation; with any other the next one would fare no better. */
static bool is_about_one(int result)
{
    return result == EXPORTD_ERROR_NOT_FOUND || result == EXPORTD_ERROR_CONFLICT ||
           result == EXPORTD_ERROR_FORBIDDEN || result == EXPORTD_ERROR_REFUSED;
}

bool session_survive(const struct exportd_error *error, const char *id, int left,
                     enum exit_code *code)
{
    enum exit_code failed = session_fail(error, id);

    *code = *code == EXIT_CODE_OK ? failed : *code;
    if (left > 0 && !is_about_one(error->result)) {
        fprintf(stderr, "  Not tried: the %d after it.\n", left);
        return false;
    }
    return true;
}

/* The library refuses a file that others may write; that others may read it is worth a warning. */
static void warn_of_readers(const char *token_file)
{
    struct stat status;

    if (stat(token_file, &status) == 0 && (status.st_mode & (S_IRGRP | S_IROTH))) {
        print_part("exportctl: warning: ", token_file,
                   " can be read by others; chmod 600 keeps the token yours.\n");
    }
}

enum exit_code session_open(const struct settings *settings, struct exportd_client **client)
{
    int timeout_ms = (int)settings->timeout_ms;
    struct exportd_options options = {
        .requests_endpoint = settings->server,
        .status_endpoint = settings->status_server,
        .token = settings->token,
        .token_file = settings->token_file,
        .certificate = settings->certificate,
        .server_certificate = settings->server_certificate,
        .timeout_ms = timeout_ms > 0 && timeout_ms < TRY_MS ? timeout_ms : TRY_MS,
        .deadline_ms = timeout_ms,
    };
    struct exportd_error error;

    if (settings->token_file) {
        warn_of_readers(settings->token_file);
    }
    if (exportd_open(client, &options, &error) != EXPORTD_OK) {
        return session_fail(&error, NULL);
    }
    return EXIT_CODE_OK;
}
