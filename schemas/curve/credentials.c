// SPDX-License-Identifier: MIT
#include "schemas/curve/credentials.h"

#include <stdio.h>
#include <string.h>
#include <zmq.h>

#include "schemas/base/errors.h"

int credentials_read_server(struct credentials *credentials, const char *path,
                            char message[CERTIFICATE_MESSAGE_BYTES])
{
    struct certificate certificate;
    int rc = certificate_read(path, CERTIFICATE_EITHER, &certificate, message);

    if (!rc) {
        memcpy(credentials->server_key, certificate.public_key, CERTIFICATE_KEY_BUFFER);
    }
    return rc;
}

int credentials_read_own(struct credentials *credentials, const char *path,
                         char message[CERTIFICATE_MESSAGE_BYTES])
{
    struct certificate certificate;
    char public_key[CERTIFICATE_KEY_BUFFER];
    int rc = certificate_read(path, CERTIFICATE_SECRET, &certificate, message);

    if (rc) {
        return rc;
    }
    if (zmq_curve_public(public_key, certificate.secret_key) != 0 ||
        strcmp(public_key, certificate.public_key) != 0) {
        snprintf(message, CERTIFICATE_MESSAGE_BYTES,
                 "%s: curve: the public-key does not belong to the secret-key", path);
        rc = -ERROR_CONFIGURATION;
    } else {
        memcpy(credentials->name, certificate.name, CERTIFICATE_NAME_BUFFER);
        memcpy(credentials->public_key, certificate.public_key, CERTIFICATE_KEY_BUFFER);
        memcpy(credentials->secret_key, certificate.secret_key, CERTIFICATE_KEY_BUFFER);
    }
    certificate_forget(&certificate);
    return rc;
}

static bool set(void *socket, int option, const char *key)
{
    return zmq_setsockopt(socket, option, key, CERTIFICATE_KEY_BUFFER) == 0;
}

bool credentials_apply(const struct credentials *credentials, void *socket)
{
    return !credentials->are_given || (set(socket, ZMQ_CURVE_SERVERKEY, credentials->server_key) &&
                                       set(socket, ZMQ_CURVE_PUBLICKEY, credentials->public_key) &&
                                       set(socket, ZMQ_CURVE_SECRETKEY, credentials->secret_key));
}

void credentials_forget(struct credentials *credentials)
{
    explicit_bzero(credentials, sizeof(*credentials));
}
