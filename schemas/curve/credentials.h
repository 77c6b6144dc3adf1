// SPDX-License-Identifier: MIT
/* What a peer of exportd shows and expects in a CURVE handshake: its own key, and that of the
 * daemon. */
#ifndef SCHEMAS_CURVE_CREDENTIALS_H
#define SCHEMAS_CURVE_CREDENTIALS_H

#include "schemas/base/certificate_file.h"

struct credentials {
    bool are_given;                     /* false: the peer speaks without security */
    char name[CERTIFICATE_NAME_BUFFER]; /* in our own certificate; "" when it has none */
    char server_key[CERTIFICATE_KEY_BUFFER];
    char public_key[CERTIFICATE_KEY_BUFFER];
    char secret_key[CERTIFICATE_KEY_BUFFER];
};

/* Reads the daemon's public key from its certificate. -ERROR_CONFIGURATION with a ready line. */
int credentials_read_server(struct credentials *credentials, const char *path,
                            char message[CERTIFICATE_MESSAGE_BYTES]);

/* Reads our secret certificate, and that its keys belong together. Errors as before. */
int credentials_read_own(struct credentials *credentials, const char *path,
                         char message[CERTIFICATE_MESSAGE_BYTES]);

/* Sets them on a socket, before it connects; false with errno. */
bool credentials_apply(const struct credentials *credentials, void *socket);

void credentials_forget(struct credentials *credentials); /* overwrites them; safe twice */

#endif
