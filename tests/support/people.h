// SPDX-License-Identifier: MIT
/* A made-up organisation with inbound shared users, the same at every run: the profile registry,
 * a mailbox, a sign-in log and a tree of files, as an export gathers them. Half the people of a
 * tenant are shared with the next tenant too, under the same user id, so that a source which
 * forgets to ask for the tenant is found out. Every row and file carries the marker of its owner in
 * its tenant, #t2p17#, and nobody else's. Values hold what breaks careless writers: quotes, line
 * feeds, markup, formulas, other scripts, nulls. Functions return 0 or a negative ERROR_x. */
#ifndef TESTS_SUPPORT_PEOPLE_H
#define TESTS_SUPPORT_PEOPLE_H

#include <stddef.h>

#define PEOPLE_ID_BUFFER   37
#define PEOPLE_NAME_BUFFER 64

struct people {
    unsigned tenant_count;
    unsigned profile_count; /* of all tenants together, a multiple of tenant_count */
};

/* Tenants and the people of a tenant are numbered from 0. Buffers are filled and returned. */
unsigned people_per_tenant(const struct people *people);
unsigned people_person(const struct people *people, unsigned tenant, unsigned index);
char *people_tenant_id(unsigned tenant, char buffer[PEOPLE_ID_BUFFER]);
char *people_user_id(unsigned person, char buffer[PEOPLE_ID_BUFFER]);
char *people_principal_name(unsigned person, char buffer[PEOPLE_NAME_BUFFER]);
char *people_marker(unsigned tenant, unsigned person, char buffer[PEOPLE_NAME_BUFFER]);

/* How much a person has; some have none of a kind. */
unsigned people_message_count(unsigned tenant, unsigned person);
unsigned people_sign_in_count(unsigned tenant, unsigned person);
unsigned people_file_count(unsigned tenant, unsigned person);

/* Makes DIRECTORY/registry.db, mailbox.db, sign-ins.db and files/TENANT/USER/… */
int people_write(const struct people *people, const char *directory);

#endif
