// SPDX-License-Identifier: MIT
/* The daemon's configuration file: schemas/exportd.configuration.yaml says what may be in it;
 * checked here is what a schema cannot say. */
#ifndef DAEMON_CONFIG_CONFIGURATION_H
#define DAEMON_CONFIG_CONFIGURATION_H

#include "schemas/codec/configuration.h"
#include "schemas/messages.h"

/* Bounds of the lists, from the schema. */
#define SETTINGS_ISSUERS   16
#define SETTINGS_AUDIENCES 16
#define SETTINGS_ROLES     16

struct settings {
    struct configuration *file; /* all texts of values borrow from it */
    struct exportd_configuration values;
    struct text issuers[SETTINGS_ISSUERS];
    uint32_t issuer_count;
    struct text audiences[SETTINGS_AUDIENCES];
    uint32_t audience_count;
    struct uuid roles[SETTINGS_ROLES]; /* permissions.required_roles */
    uint32_t role_count;
    char *store_directory; /* owned, terminated copies */
    char *key_set;
    char *revocations; /* NULL: none */
    char *registry_database;
    char *certificate; /* NULL when security is none */
    char *identities;
};

/* -ERROR_CONFIGURATION with a ready line: FILE:LINE: KEY: found …, expected …. */
int settings_read(struct settings *settings, const char *path,
                  char message[CONFIGURATION_ERROR_BYTES]);
void settings_release(struct settings *settings);

static inline bool settings_are_secure(const struct settings *settings)
{
    return settings->values.security == EXPORTD_CONFIGURATION_SECURITY_CURVE;
}

#endif
