// SPDX-License-Identifier: MIT
/* Reading certificates from files that nobody else can have changed, and secret ones that nobody
 * else can have read. Any thread. */
#ifndef SCHEMAS_BASE_CERTIFICATE_FILE_H
#define SCHEMAS_BASE_CERTIFICATE_FILE_H

#include "schemas/base/certificate.h"

#define CERTIFICATE_MESSAGE_BYTES 640

enum certificate_kind {
    CERTIFICATE_PUBLIC, /* must have no secret key: it would be in too many hands */
    CERTIFICATE_SECRET, /* must have one, be ours, and be neither readable nor writable by others */
    CERTIFICATE_EITHER, /* of a peer whose public key is wanted; its secret key is not kept */
};

/* -ERROR_CONFIGURATION with a ready line in message: "FILE:LINE: KEY: found …, expected …", which
 * holds no key. */
int certificate_read(const char *path, enum certificate_kind kind, struct certificate *certificate,
                     char message[CERTIFICATE_MESSAGE_BYTES]);

#endif
