// SPDX-License-Identifier: MIT
#include "tests/bench/worker_wire.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define ID_BYTES (WORKER_ID_BUFFER - 1)
#define DIGEST   "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static void begin(struct raw_message *message, const struct worker_name *name, const char *type,
                  uint32_t more)
{
    raw_clear(message);
    raw_map(message, 3 + more);
    raw_text_field(message, "type", type);
    raw_text_field(message, "worker", name->worker);
    raw_text_field(message, "instance", name->instance);
}

static void about(struct raw_message *message, const struct worker_job *job)
{
    raw_text_field(message, "operationId", job->operation);
    raw_integer_field(message, "fence", job->fence);
}

void worker_write_started(struct raw_message *message, const struct worker_name *name,
                          const struct worker_job *job)
{
    begin(message, name, "started", 2);
    about(message, job);
}

void worker_write_declined(struct raw_message *message, const struct worker_name *name,
                           const struct worker_job *job)
{
    begin(message, name, "declined", 2);
    about(message, job);
}

void worker_write_done(struct raw_message *message, const struct worker_name *name,
                       const struct worker_job *job)
{
    char location[192];
    snprintf(location, sizeof(location), "https://bundles.example.org/%s/%s-%016" PRIx64 ".zip",
             job->tenant, job->operation, (uint64_t)job->fence);
    begin(message, name, "done", 5);
    about(message, job);
    raw_text_field(message, "storageLocation", location);
    raw_text(message, "bundle");
    raw_map(message, 2);
    raw_text_field(message, "sha256", DIGEST);
    raw_integer_field(message, "bytes", 1024);
    raw_text(message, "sources");
    raw_array(message, 1);
    raw_map(message, 6);
    raw_text_field(message, "name", "nothing");
    raw_text_field(message, "state", "empty");
    raw_integer_field(message, "rows", 0);
    raw_integer_field(message, "files", 0);
    raw_integer_field(message, "bytes", 0);
    raw_text_field(message, "reason", "none");
}

void worker_write_progress(struct raw_message *message, const struct worker_name *name,
                           const struct worker_job *job, uint64_t rows)
{
    begin(message, name, "progress", 5);
    about(message, job);
    raw_text(message, "progress");
    raw_real(message, 50);
    raw_integer_field(message, "rows", (int64_t)rows);
    raw_integer_field(message, "bytes", (int64_t)rows * 100);
}

void worker_write_heartbeat(struct raw_message *message, const struct worker_name *name,
                            int64_t slots, const int64_t *fences, uint32_t count)
{
    begin(message, name, "heartbeat", 2);
    raw_integer_field(message, "slots", slots);
    raw_text(message, "running");
    raw_array(message, count);
    for (uint32_t i = 0; i < count; i++) {
        raw_integer(message, fences[i]);
    }
}

/* What follows a key; NULL when fewer bytes than these do. */
static const uint8_t *value_of(const void *bytes, size_t size, const char *key, size_t value_bytes)
{
    const uint8_t *at = memmem(bytes, size, key, strlen(key));
    size_t used = at ? (size_t)(at - (const uint8_t *)bytes) + strlen(key) : size;
    return size - used >= value_bytes ? at + strlen(key) : NULL;
}

static bool read_id(const void *bytes, size_t size, const char *key, char id[WORKER_ID_BUFFER])
{
    const uint8_t *at = value_of(bytes, size, key, ID_BYTES);
    if (at) {
        memcpy(id, at, ID_BYTES);
        id[ID_BYTES] = '\0';
    }
    return at != NULL;
}

/* Every offer is read by somebody, mostly in order to decline it: so this looks for the keys and
 * decodes nothing else. A fence has the number of starts in its high half, so it has eight bytes.
 */
bool worker_read_job(const void *bytes, size_t size, struct worker_job *job)
{
    const uint8_t *fence = value_of(bytes, size,
                                    "\xa5"
                                    "fence\xcf",
                                    8);
    if (!fence) {
        return false;
    }
    job->fence = 0;
    for (unsigned i = 0; i < 8; i++) {
        job->fence = (int64_t)((uint64_t)job->fence << 8 | fence[i]);
    }
    return read_id(bytes, size,
                   "\xab"
                   "operationId\xd9\x24",
                   job->operation) &&
           read_id(bytes, size,
                   "\xa8"
                   "tenantId\xd9\x24",
                   job->tenant) &&
           read_id(bytes, size,
                   "\xa6"
                   "userId\xd9\x24",
                   job->user);
}

void worker_read_fences(const struct raw_message *notice, const char *list,
                        void (*show)(void *context, int64_t fence), void *context)
{
    char path[64];
    int64_t fence;
    for (unsigned i = 0;; i++) {
        snprintf(path, sizeof(path), "%s.%u", list, i);
        if (raw_get_integer(notice, path, &fence)) {
            return;
        }
        show(context, fence);
    }
}
