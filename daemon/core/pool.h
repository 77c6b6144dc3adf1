// SPDX-License-Identifier: MIT
/* The workers heard of lately and how many of their slots are free, as far as their reports tell.
 * PUSH deals offers out blindly, so only the sum matters: no more offers are made than it. Pure. */
#ifndef DAEMON_CORE_POOL_H
#define DAEMON_CORE_POOL_H

#include "schemas/base/clock.h"
#include "schemas/base/table.h"

#define POOL_NAME_BUFFER     64
#define POOL_MAXIMUM_WORKERS 4096

struct worker {
    struct table_link link;
    struct uuid instance;
    char name[POOL_NAME_BUFFER];
    int64_t slots;
    int64_t running; /* attempts that the engine holds to be running there */
    bool is_full;    /* declined an offer since it last said how it is */
    struct mono heard;
};

struct pool {
    struct table workers;
    int64_t slots; /* of all workers */
};

int pool_init(struct pool *pool); /* -ERROR_MEMORY */
void pool_release(struct pool *pool);

/* Notes a worker's heartbeat; another instance of the same name is taken to be its past and
 * forgotten. -ERROR_MEMORY, -ERROR_BUSY when there are too many workers: then it is not counted. */
int pool_hear(struct pool *pool, const struct uuid *instance, struct text name, int64_t slots,
              struct mono now);

/* The worker of an instance, or NULL. Borrowed until the next call of pool_hear or pool_expire. */
struct worker *pool_find(const struct pool *pool, const struct uuid *instance);

/* Slots that are free now. */
int64_t pool_free(const struct pool *pool);

/* Forgets workers not heard of since before this time. */
void pool_expire(struct pool *pool, struct mono before);

#endif
