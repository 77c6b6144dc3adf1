// SPDX-License-Identifier: MIT
/* The bytes of a file as programs see them, and as they are after a power cut. One thread. */
#ifndef TESTS_SIMULATION_IMAGE_H
#define TESTS_SIMULATION_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct image {
    uint8_t *now;
    uint8_t *kept;  /* durable */
    uint8_t *dirty; /* one byte a sector: written since it was synchronized */
    size_t size_bytes;
    size_t kept_bytes; /* durable size */
    size_t room_bytes;
    size_t dirty_low; /* sectors from low to high - 1 may be dirty */
    size_t dirty_high;
};

void image_empty(struct image *image); /* durably */
void image_renew(struct image *image); /* empty for programs; what is durable stays so */
void image_release(struct image *image);
void image_copy(struct image *to, const struct image *from); /* all of it durable */

void image_write(struct image *image, const void *bytes, size_t size_bytes, size_t at);
void image_truncate(struct image *image, size_t size_bytes);
void image_synchronize(struct image *image);
bool image_is_dirty(const struct image *image);

/* Each sector that is not durable: kept, lost or torn. So is the size. */
void image_cut_power(struct image *image);

#endif
