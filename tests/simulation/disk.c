// SPDX-License-Identifier: MIT
#include "tests/simulation/disk.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "tests/simulation/image.h"
#include "tests/simulation/random.h"
#include "tests/simulation/trace.h"

#define MAXIMUM_FILES 12

struct disk_file {
    char name[256];
    bool is_registry;
    bool is_there;      /* in the directory */
    bool is_there_kept; /* and that is durable */
    struct image image;
    struct image template_image;
    bool is_template;
};

static struct disk_file files[MAXIMUM_FILES];
static int64_t die_at;
static int64_t fail_at;
static bool is_full;
static bool is_looking;
static int64_t reserved_bytes;
static int64_t spare_bytes; /* that a full disk has got back */
static bool is_dead;
static bool has_failed;

static struct disk_file *find(const char *name)
{
    for (size_t i = 0; i < MAXIMUM_FILES; i++) {
        if (strcmp(files[i].name, name) == 0) {
            return &files[i];
        }
    }
    return NULL;
}

void disk_reset(void)
{
    for (size_t i = 0; i < MAXIMUM_FILES; i++) {
        if (!files[i].is_registry) {
            image_empty(&files[i].image);
            files[i].is_there = files[i].is_there_kept = false;
        }
    }
    reserved_bytes = 0;
    disk_calm();
    disk_revive();
}

void disk_release(void)
{
    for (size_t i = 0; i < MAXIMUM_FILES; i++) {
        image_release(&files[i].image);
        image_release(&files[i].template_image);
    }
    memset(files, 0, sizeof files);
}

void disk_keep_template(void)
{
    for (size_t i = 0; i < MAXIMUM_FILES; i++) {
        files[i].is_template = files[i].is_there && !files[i].is_registry;
        if (files[i].is_template) {
            image_copy(&files[i].template_image, &files[i].image);
        }
    }
}

void disk_use_template(void)
{
    for (size_t i = 0; i < MAXIMUM_FILES; i++) {
        if (files[i].is_template) {
            image_copy(&files[i].image, &files[i].template_image);
            files[i].is_there = files[i].is_there_kept = true;
        }
    }
}

void disk_die_at(int64_t calls)
{
    die_at = calls;
}

void disk_fail_at(int64_t calls)
{
    fail_at = calls;
}

void disk_fill(bool full)
{
    is_full = full;
    spare_bytes = 0;
}

bool disk_is_full(void)
{
    return is_full;
}

bool disk_reserve(int64_t size_bytes)
{
    if (!is_full) {
        reserved_bytes = size_bytes;
    }
    return reserved_bytes > 0;
}

void disk_reserve_end(void)
{
    spare_bytes += reserved_bytes;
    reserved_bytes = 0;
}

/* Whether a full disk has no room for so many bytes more. */
static bool has_no_room(size_t size_bytes)
{
    if (!is_full || is_looking || size_bytes == 0) {
        return false;
    }
    if (spare_bytes >= (int64_t)size_bytes) {
        spare_bytes -= (int64_t)size_bytes;
        return false;
    }
    has_failed = true;
    return true;
}

void disk_calm(void)
{
    die_at = fail_at = 0;
    disk_fill(false);
}

bool disk_is_dead(void)
{
    return is_dead;
}

void disk_kill(void)
{
    is_dead = true;
}

void disk_revive(void)
{
    is_dead = has_failed = false;
}

bool disk_has_failed(void)
{
    return has_failed;
}

void disk_look(bool looking)
{
    is_looking = looking;
}

static bool is_log(const struct disk_file *file)
{
    size_t size = strlen(file->name);

    return size > 4 && strcmp(file->name + size - 4, "-wal") == 0;
}

/* Of the log only: a checkpoint that was cut short is done again from it. */
bool disk_is_synchronized(void)
{
    for (size_t i = 0; i < MAXIMUM_FILES; i++) {
        if (is_log(&files[i]) && files[i].is_there && image_is_dirty(&files[i].image)) {
            return false;
        }
    }
    return true;
}

/* Counts a call that may meet a fault. */
static enum disk_error meet(const char *doing, const struct disk_file *file)
{
    if (is_looking || (file && file->is_registry)) {
        return DISK_OK;
    }
    if (die_at > 0 && --die_at == 0) {
        trace_line("disk", "dies at %s", doing);
        is_dead = true;
    }
    if (is_dead) {
        return DISK_IO_ERROR;
    }
    if (fail_at > 0 && --fail_at == 0) {
        trace_line("disk", "fails at %s", doing);
        has_failed = true;
        return DISK_IO_ERROR;
    }
    return DISK_OK;
}

void disk_cut_power(void)
{
    for (size_t i = 0; i < MAXIMUM_FILES; i++) {
        struct disk_file *file = &files[i];
        if (file->is_registry || !file->name[0]) {
            continue;
        }
        if (file->is_there != file->is_there_kept && random_chance(500)) {
            file->is_there = file->is_there_kept;
        }
        file->is_there_kept = file->is_there;
        image_cut_power(&file->image);
        if (!file->is_there) {
            image_empty(&file->image);
        }
    }
}

bool disk_contains(const char *needle)
{
    for (size_t i = 0; i < MAXIMUM_FILES; i++) {
        if (!files[i].is_registry && files[i].is_there &&
            memmem(files[i].image.now, files[i].image.size_bytes, needle, strlen(needle))) {
            return true;
        }
    }
    return false;
}

static struct disk_file *create(const char *name)
{
    struct disk_file *file = find("");

    assert(file && strlen(name) < sizeof file->name);
    strcpy(file->name, name);
    file->is_registry = strstr(name, "/registry.") != NULL;
    return file;
}

struct disk_file *disk_open(const char *name, bool may_create, enum disk_error *error)
{
    struct disk_file *file = find(name);

    *error = meet("open", file);
    if (*error != DISK_OK) {
        return NULL;
    }
    if (!file && may_create) {
        file = create(name);
    }
    if (!file || (!file->is_there && !may_create)) {
        return NULL;
    }
    if (!file->is_there) {
        image_renew(&file->image);
        file->is_there = true;
    }
    return file;
}

bool disk_exists(const char *name)
{
    const struct disk_file *file = find(name);

    return file && file->is_there;
}

/* What was in a file whose deletion is not durable can come back. */
enum disk_error disk_delete(const char *name, bool is_synchronized)
{
    struct disk_file *file = find(name);
    enum disk_error error = meet("delete", file);

    if (error == DISK_OK && file) {
        file->is_there = false;
        if (is_synchronized) {
            file->is_there_kept = false;
        }
    }
    return error;
}

size_t disk_size(const struct disk_file *file)
{
    return file->image.size_bytes;
}

size_t disk_read(const struct disk_file *file, void *bytes, size_t size_bytes, size_t at)
{
    size_t there = at < file->image.size_bytes ? file->image.size_bytes - at : 0;

    there = there < size_bytes ? there : size_bytes;
    if (there > 0) {
        memcpy(bytes, file->image.now + at, there);
    }
    return there;
}

enum disk_error disk_write(struct disk_file *file, const void *bytes, size_t size_bytes, size_t at)
{
    enum disk_error error = meet("write", file);

    size_t end = at + size_bytes;
    size_t growth = end > file->image.size_bytes ? end - file->image.size_bytes : 0;

    if (error == DISK_OK && !file->is_registry && has_no_room(growth)) {
        return DISK_FULL;
    }
    if (error == DISK_OK) {
        image_write(&file->image, bytes, size_bytes, at);
    } else if (!is_dead || random_chance(500)) {
        image_write(&file->image, bytes, random_below(size_bytes), at); /* began, did not end */
    }
    return error;
}

enum disk_error disk_truncate(struct disk_file *file, size_t size_bytes)
{
    enum disk_error error = meet("truncate", file);

    if (error == DISK_OK) {
        image_truncate(&file->image, size_bytes);
    }
    return error;
}

/* Names come and go durably with the next file of their folder that is synchronized: SQLite does so
 * for its logs, and a journaling file system does it anyway. */
enum disk_error disk_synchronize(struct disk_file *file)
{
    enum disk_error error = meet("synchronize", file);

    if (error != DISK_OK) {
        return error;
    }
    image_synchronize(&file->image);
    for (size_t i = 0; i < MAXIMUM_FILES; i++) {
        files[i].is_there_kept = files[i].is_there;
    }
    return DISK_OK;
}
