// SPDX-License-Identifier: MIT
/* Whether the disk has room for new work. */
#include <sys/statvfs.h>

#include "daemon/store/internal.h"
#include "daemon/store/reserve.h"

#define ROOM_INTERVAL_MS 250

/* Without the reserve a full disk would end the process, so it comes first, and is not taken out of
 * the last room there is. */
bool store_look_for_room(struct store *store)
{
    struct statvfs space;
    uint64_t minimum_bytes = (uint64_t)store->options.minimum_free_bytes;
    uint64_t free_bytes;

    if (statvfs(store->directory, &space)) {
        return false;
    }
    free_bytes = (uint64_t)space.f_bavail * space.f_frsize;
    if (!store->has_reserve && free_bytes / 2 >= RESERVE_BYTES &&
        free_bytes - RESERVE_BYTES >= minimum_bytes) {
        store->has_reserve = reserve_take(store->directory);
    }
    return store->has_reserve && free_bytes >= minimum_bytes;
}

bool store_has_room(struct store *store, struct mono now)
{
    if (now.ms - store->room_known.ms >= ROOM_INTERVAL_MS) {
        store->room_known = now;
        store->has_room = store_look_for_room(store);
    }
    return store->has_room;
}
