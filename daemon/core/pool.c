// SPDX-License-Identifier: MIT
#include "daemon/core/pool.h"

#include <stdlib.h>
#include <string.h>

#include "schemas/base/errors.h"

int pool_init(struct pool *pool)
{
    *pool = (struct pool){0};
    return table_init(&pool->workers, 64);
}

static void worker_forget(struct pool *pool, struct worker *worker)
{
    pool->slots -= worker->slots;
    table_remove(&pool->workers, &worker->link);
    free(worker);
}

void pool_release(struct pool *pool)
{
    struct table_link *link;

    if (!pool->workers.buckets) {
        return;
    }
    while ((link = table_each(&pool->workers, NULL))) {
        worker_forget(pool, TABLE_ENTRY(link, struct worker, link));
    }
    table_release(&pool->workers);
}

struct worker *pool_find(const struct pool *pool, const struct uuid *instance)
{
    struct table_link *link = table_find(&pool->workers, table_hash_uuid(instance));

    for (; link; link = table_find_next(link)) {
        struct worker *worker = TABLE_ENTRY(link, struct worker, link);
        if (uuid_equal(&worker->instance, instance)) {
            return worker;
        }
    }
    return NULL;
}

static void forget_past(struct pool *pool, const char *name)
{
    struct table_link *link = table_each(&pool->workers, NULL);

    for (; link; link = table_each(&pool->workers, link)) {
        struct worker *worker = TABLE_ENTRY(link, struct worker, link);
        if (strcmp(worker->name, name) == 0) {
            worker_forget(pool, worker);
            return;
        }
    }
}

static struct worker *worker_new(struct pool *pool, const struct uuid *instance, struct text name)
{
    struct worker *worker;

    if (pool->workers.count >= POOL_MAXIMUM_WORKERS) {
        return NULL;
    }
    worker = calloc(1, sizeof *worker);
    if (!worker) {
        return NULL;
    }
    if (text_copy(name, worker->name, sizeof worker->name)) {
        free(worker);
        return NULL;
    }
    worker->instance = *instance;
    forget_past(pool, worker->name);
    table_insert(&pool->workers, &worker->link, table_hash_uuid(instance));
    return worker;
}

int pool_hear(struct pool *pool, const struct uuid *instance, struct text name, int64_t slots,
              struct mono now)
{
    struct worker *worker = pool_find(pool, instance);

    if (!worker) {
        worker = worker_new(pool, instance, name);
    }
    if (!worker) {
        return pool->workers.count >= POOL_MAXIMUM_WORKERS ? -ERROR_BUSY : -ERROR_MEMORY;
    }
    pool->slots += slots - worker->slots;
    worker->slots = slots;
    worker->is_full = false;
    worker->heard = now;
    return 0;
}

int64_t pool_free(const struct pool *pool)
{
    struct table_link *link = table_each(&pool->workers, NULL);
    int64_t sum = 0;

    for (; link; link = table_each(&pool->workers, link)) {
        const struct worker *worker = TABLE_ENTRY(link, struct worker, link);
        if (!worker->is_full && worker->slots > worker->running) {
            sum += worker->slots - worker->running;
        }
    }
    return sum;
}

void pool_expire(struct pool *pool, struct mono before)
{
    struct table_link *link = table_each(&pool->workers, NULL);
    struct table_link *next;

    for (; link; link = next) {
        struct worker *worker = TABLE_ENTRY(link, struct worker, link);
        next = table_each(&pool->workers, link);
        if (worker->heard.ms < before.ms) {
            worker_forget(pool, worker);
        }
    }
}
