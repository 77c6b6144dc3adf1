// SPDX-License-Identifier: MIT
#include "tests/simulation/image.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/simulation/disk.h"
#include "tests/simulation/random.h"

static size_t sectors(size_t size_bytes)
{
    return (size_bytes + DISK_SECTOR_BYTES - 1) / DISK_SECTOR_BYTES;
}

static void *grown(void *memory, size_t from, size_t to)
{
    uint8_t *larger = realloc(memory, to);

    if (!larger) {
        perror("simulate");
        abort();
    }
    memset(larger + from, 0, to - from);
    return larger;
}

/* Bytes beyond the size are zero. */
static void reserve(struct image *image, size_t size_bytes)
{
    size_t room = image->room_bytes ? image->room_bytes : 65536;

    while (room < size_bytes) {
        room *= 2;
    }
    if (room == image->room_bytes) {
        return;
    }
    image->now = grown(image->now, image->room_bytes, room);
    image->kept = grown(image->kept, image->room_bytes, room);
    image->dirty = grown(image->dirty, sectors(image->room_bytes), sectors(room));
    image->room_bytes = room;
}

static void be_clean(struct image *image)
{
    image->dirty_low = SIZE_MAX;
    image->dirty_high = 0;
}

static void soil(struct image *image, size_t at, size_t end)
{
    size_t low = at / DISK_SECTOR_BYTES;
    size_t high = sectors(end);

    if (at >= end) {
        return;
    }
    memset(image->dirty + low, 1, high - low);
    image->dirty_low = low < image->dirty_low ? low : image->dirty_low;
    image->dirty_high = high > image->dirty_high ? high : image->dirty_high;
}

static void blank(struct image *image)
{
    if (image->size_bytes > 0) {
        memset(image->now, 0, image->size_bytes);
    }
    image->size_bytes = 0;
}

void image_empty(struct image *image)
{
    blank(image);
    if (image->kept_bytes > 0) {
        memset(image->kept, 0, image->kept_bytes);
    }
    if (image->dirty_high > image->dirty_low) {
        memset(image->dirty + image->dirty_low, 0, image->dirty_high - image->dirty_low);
    }
    image->kept_bytes = 0;
    be_clean(image);
}

void image_renew(struct image *image)
{
    if (image->size_bytes > 0) {
        image_truncate(image, 0);
    } else if (image->dirty_high == 0) {
        be_clean(image);
    }
}

void image_release(struct image *image)
{
    free(image->now);
    free(image->kept);
    free(image->dirty);
    *image = (struct image){0};
}

void image_copy(struct image *to, const struct image *from)
{
    image_empty(to);
    reserve(to, from->size_bytes);
    if (from->size_bytes > 0) {
        memcpy(to->now, from->now, from->size_bytes);
        memcpy(to->kept, from->now, from->size_bytes);
    }
    to->size_bytes = to->kept_bytes = from->size_bytes;
}

void image_write(struct image *image, const void *bytes, size_t size_bytes, size_t at)
{
    size_t end = at + size_bytes;

    if (size_bytes == 0) {
        return;
    }
    reserve(image, end);
    memcpy(image->now + at, bytes, size_bytes);
    soil(image, at < image->size_bytes ? at : image->size_bytes, end);
    image->size_bytes = end > image->size_bytes ? end : image->size_bytes;
}

void image_truncate(struct image *image, size_t size_bytes)
{
    size_t old = image->size_bytes;

    reserve(image, size_bytes);
    if (size_bytes < old) {
        memset(image->now + size_bytes, 0, old - size_bytes);
    }
    soil(image, size_bytes < old ? size_bytes : old, size_bytes < old ? old : size_bytes);
    image->size_bytes = size_bytes;
}

void image_synchronize(struct image *image)
{
    size_t end = image->room_bytes;

    for (size_t i = image->dirty_low; i < image->dirty_high; i++) {
        size_t at = i * DISK_SECTOR_BYTES;
        if (image->dirty[i]) {
            memcpy(image->kept + at, image->now + at,
                   end - at < DISK_SECTOR_BYTES ? end - at : DISK_SECTOR_BYTES);
            image->dirty[i] = 0;
        }
    }
    image->kept_bytes = image->size_bytes;
    be_clean(image);
}

bool image_is_dirty(const struct image *image)
{
    return image->dirty_high > image->dirty_low || image->size_bytes != image->kept_bytes;
}

static void tear(struct image *image, size_t sector)
{
    size_t at = sector * DISK_SECTOR_BYTES;
    size_t written = (size_t)random_below(3) * DISK_SECTOR_BYTES;

    if (written > DISK_SECTOR_BYTES) {
        written = (size_t)random_below(DISK_SECTOR_BYTES);
    }
    memcpy(image->kept + at, image->now + at, written);
    image->dirty[sector] = 0;
}

void image_cut_power(struct image *image)
{
    bool is_size_kept = image->size_bytes == image->kept_bytes || random_chance(500);
    size_t size_bytes = is_size_kept ? image->size_bytes : image->kept_bytes;
    size_t larger = image->size_bytes > image->kept_bytes ? image->size_bytes : image->kept_bytes;

    for (size_t i = image->dirty_low; i < image->dirty_high; i++) {
        if (image->dirty[i]) {
            tear(image, i);
        }
    }
    if (larger > size_bytes) {
        memset(image->kept + size_bytes, 0, larger - size_bytes);
    }
    if (larger > 0) {
        memcpy(image->now, image->kept, larger);
    }
    image->size_bytes = image->kept_bytes = size_bytes;
    be_clean(image);
}
