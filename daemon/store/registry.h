// SPDX-License-Identifier: MIT
/* The registry of inbound shared user profiles: a SQLite database of the operator's, asked with the
 * operator's statements before anything is accepted. Read-only; used by one thread. */
#ifndef DAEMON_STORE_REGISTRY_H
#define DAEMON_STORE_REGISTRY_H

#include "schemas/base/clock.h"
#include "schemas/messages.h"

#define REGISTRY_MESSAGE_BYTES 512

struct registry;

struct registry_options {
    const char *database;
    struct text profile_statement; /* :tenant_id, :user_id */
    struct text list_statement;    /* :tenant_id, :after, :limit */
    int64_t busy_timeout_ms;
};

/* The texts must stay where they are until the registry is closed. When another file is put in
 * the place of the database, the next turn reads that; until it can be opened, all fails.
 * -ERROR_CONFIGURATION when the database cannot be opened or a statement is not one SELECT of four
 * columns that binds the tenant; message then says which and why. */
int registry_open(struct registry **registry, const struct registry_options *options,
                  char message[REGISTRY_MESSAGE_BYTES]);
void registry_close(struct registry **registry);

/* The profile of a user within a tenant. Its texts are borrowed until the next call.
 * -ERROR_NOT_FOUND; -ERROR_REGISTRY when the database cannot be read or answers with something that
 * is no profile of this user. */
int registry_find(struct registry *registry, const struct uuid *tenant_id,
                  const struct uuid *user_id, struct profile *profile);

/* Whether such a profile is there: 0, or an error as above. That somebody was found is remembered
 * for a second at most, and no longer than nobody has written to the database, which is looked at
 * once a millisecond. */
int registry_has(struct registry *registry, const struct uuid *tenant_id,
                 const struct uuid *user_id, struct mono now);

/* Sees one profile, borrowed; a value other than 0 ends the walk (positive: with success). */
typedef int (*registry_visitor)(void *argument, const struct profile *profile);

/* Profiles of a tenant with user ids after this one (NULL: from the first), at most limit. */
int registry_list(struct registry *registry, const struct uuid *tenant_id, const struct uuid *after,
                  int64_t limit, registry_visitor visit, void *argument);

/* Ends the reading of a turn. All that is asked in one turn is asked of one snapshot, which spares
 * every request the taking and leaving of the database's locks; nobody can write a rollback-journal
 * database until this. */
void registry_rest(struct registry *registry);

/* What SQLite said about the last -ERROR_REGISTRY, for the log; it names no data. */
const char *registry_message(const struct registry *registry);

#endif
