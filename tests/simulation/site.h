// SPDX-License-Identifier: MIT
/* The installation that every seed runs in: real configuration files, a key set, tokens, a registry
 * of made-up profiles (in the simulated file system), tenants with weights. Made once in a
 * temporary directory; only the lock of the store is ever written there again. One thread. */
#ifndef TESTS_SIMULATION_SITE_H
#define TESTS_SIMULATION_SITE_H

#include <stdbool.h>

#include "schemas/base/uuid.h"

#define SITE_TENANTS        4
#define SITE_USERS          24 /* of a tenant; a quarter of them are the next tenant's too */
#define SITE_PERSONS        2  /* callers of a tenant */
#define SITE_APPROVER       2  /* the number of one more, who may approve */
#define SITE_CONFIGURATIONS 4  /* the last with caps of running operations, and approvals */

int site_make(void); /* 0, or negative with a message on standard error */
void site_release(void);

/* Which of the configurations is in force, and how many tenants take part. */
void site_choose(unsigned configuration, unsigned tenants);
const char *site_configuration(void);
unsigned site_active_tenants(void);
int64_t site_weight(unsigned tenant);
bool site_needs_approval(unsigned tenant);
int64_t site_cap(unsigned tenant); /* 0: any number may run */

const struct uuid *site_tenant_id(unsigned tenant);
unsigned site_tenant_number(const struct uuid *tenant_id); /* SITE_TENANTS when unknown */
const struct uuid *site_user_id(unsigned tenant, unsigned user);
const struct uuid *site_person_id(unsigned tenant, unsigned person);
const char *site_token(unsigned tenant, unsigned person);

#endif
