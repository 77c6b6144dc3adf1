// SPDX-License-Identifier: MIT
/* keygen: a CURVE key pair in two files, as czmq's zcert names and writes them. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

#include "clients/exportctl/command.h"
#include "clients/exportctl/output.h"
#include "schemas/base/certificate.h"

#define TEXT_BYTES  4096
#define SAFE_BYTES  4096
#define PUBLIC_MODE 0644
#define SECRET_MODE 0600

static enum exit_code fail(enum exit_code code, const char *what, const char *why)
{
    char safe[SAFE_BYTES];

    fprintf(stderr, "exportctl keygen: %s: %s\n", output_escape(what, safe, sizeof(safe)), why);
    return code;
}

static enum exit_code describe(const struct settings *settings, struct certificate *certificate)
{
    const char *path = command_operand(settings, 0);
    const char *slash = strrchr(path, '/');
    struct text name = text_of(slash ? slash + 1 : path);

    if (!certificate_is_name(name) || text_copy(name, certificate->name, CERTIFICATE_NAME_BUFFER)) {
        return fail(EXIT_CODE_USAGE, path,
                    "a name has 1 to 63 letters, digits, '.', '_' and '-'; nothing was made");
    }
    if (settings->roles && roles_parse(text_of(settings->roles), &certificate->roles)) {
        return fail(EXIT_CODE_USAGE, settings->roles,
                    "expected a list of " ROLE_NAMES "; nothing was made");
    }
    if (settings->tenants && certificate_parse_tenants(text_of(settings->tenants), certificate)) {
        return fail(EXIT_CODE_USAGE, settings->tenants,
                    "expected a list of 1 to 26 UUIDs, or any; nothing was made");
    }
    if (certificate_has_idle_tenants(certificate)) {
        return fail(EXIT_CODE_USAGE, settings->roles,
                    "a worker or an operator has to do with all tenants, so --tenants is not for "
                    "him; nothing was made");
    }
    if (certificate_lacks_tenants(certificate)) {
        return fail(EXIT_CODE_USAGE, settings->roles,
                    "who vouches needs --tenants, a list of UUIDs or any; nothing was made");
    }
    return EXIT_CODE_OK;
}

static bool write_all(int file, const char *text)
{
    size_t left = strlen(text);

    while (left > 0) {
        ssize_t put = write(file, text, left);

        if (put < 0 && errno != EINTR) {
            return false;
        }
        text += put > 0 ? put : 0;
        left -= put > 0 ? (size_t)put : 0;
    }
    return fsync(file) == 0;
}

/* Writes a file that was not there. */
static enum exit_code write_file(const char *path, const char *text, mode_t mode)
{
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
    enum exit_code code = EXIT_CODE_OK;

    if (file < 0) {
        return fail(EXIT_CODE_LOCAL, path, strerror(errno));
    }
    /* Whatever the umask: the public part is for handing over. */
    if (fchmod(file, mode) || !write_all(file, text)) {
        code = fail(EXIT_CODE_LOCAL, path, strerror(errno));
        unlink(path);
    }
    close(file);
    return code;
}

/* The secret file first: it is the one that says whether the name was free. */
static enum exit_code write_both(const struct certificate *certificate, const char *name)
{
    char text[TEXT_BYTES];
    char *public_path = NULL;
    char *secret_path = NULL;
    enum exit_code code = EXIT_CODE_LOCAL;

    if (asprintf(&public_path, "%s.key", name) < 0 ||
        asprintf(&secret_path, "%s.key_secret", name) < 0) {
        fail(code, name, "out of memory");
        goto out;
    }
    if (access(public_path, F_OK) == 0) {
        fail(code, public_path, strerror(EEXIST));
        goto out;
    }
    code = certificate_format(certificate, true, text, sizeof(text))
               ? fail(EXIT_CODE_LOCAL, name, "too long")
               : write_file(secret_path, text, SECRET_MODE);
    if (code != EXIT_CODE_OK) {
        goto out;
    }
    code = certificate_format(certificate, false, text, sizeof(text))
               ? fail(EXIT_CODE_LOCAL, name, "too long")
               : write_file(public_path, text, PUBLIC_MODE);
    if (code != EXIT_CODE_OK) {
        unlink(secret_path);
    }
out:
    explicit_bzero(text, sizeof(text));
    free(public_path);
    free(secret_path);
    return code;
}

enum exit_code command_keygen(const struct settings *settings)
{
    struct certificate certificate = {0};
    const char *name = command_operand(settings, 0);
    enum exit_code code = describe(settings, &certificate);

    if (code == EXIT_CODE_OK &&
        zmq_curve_keypair(certificate.public_key, certificate.secret_key) != 0) {
        code = fail(EXIT_CODE_LOCAL, name, zmq_strerror(zmq_errno()));
    }
    if (code == EXIT_CODE_OK) {
        code = write_both(&certificate, name);
    }
    certificate_forget(&certificate);
    if (code == EXIT_CODE_OK) {
        printf(settings->is_json ? "{\"name\":\"%s\",\"publicKey\":\"%s\"}\n" : "%s\t%s\n",
               certificate.name, certificate.public_key);
    }
    return code;
}
