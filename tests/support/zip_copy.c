// SPDX-License-Identifier: MIT
#include "tests/support/zip_copy.h"

#include <archive.h>
#include <archive_entry.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static bool read_entry(struct zip_copy *copy, struct archive *archive, struct archive_entry *header)
{
    const char *name = archive_entry_pathname(header);
    char piece[4096];
    la_ssize_t bytes;

    if (!name || copy->count == ZIP_COPY_ENTRIES || strlen(name) >= sizeof(copy->entries[0].name) ||
        archive_entry_filetype(header) != AE_IFREG)
        return false;
    struct zip_copy_entry *entry = zip_copy_add(copy, name, "");

    while ((bytes = archive_read_data(archive, piece, sizeof(piece))) > 0) {
        entry->data = realloc(entry->data, entry->size_bytes + (size_t)bytes + 1);
        assert_non_null(entry->data);
        memcpy(entry->data + entry->size_bytes, piece, (size_t)bytes);
        entry->size_bytes += (size_t)bytes;
        entry->data[entry->size_bytes] = '\0';
    }
    return bytes == 0;
}

bool zip_copy_read(struct zip_copy *copy, const char *path)
{
    struct archive *archive = archive_read_new();
    struct archive_entry *header;
    int rc;
    bool is_whole = true;

    *copy = (struct zip_copy){0};
    assert_non_null(archive);
    archive_read_support_format_zip_seekable(archive);
    rc = archive_read_open_filename(archive, path, 16384);
    while (rc == ARCHIVE_OK && is_whole) {
        rc = archive_read_next_header(archive, &header);
        if (rc == ARCHIVE_OK)
            is_whole = read_entry(copy, archive, header);
    }
    archive_read_free(archive);
    return is_whole && rc == ARCHIVE_EOF;
}

void zip_copy_write(const struct zip_copy *copy, const char *path)
{
    struct archive *archive = archive_write_new();
    struct archive_entry *header = archive_entry_new();

    assert_int_equal(archive_write_set_format_zip(archive), ARCHIVE_OK);
    assert_int_equal(archive_write_open_filename(archive, path), ARCHIVE_OK);
    for (size_t i = 0; i < copy->count; i++) {
        const struct zip_copy_entry *entry = &copy->entries[i];

        archive_entry_clear(header);
        archive_entry_set_pathname(header, entry->name);
        archive_entry_set_filetype(header, entry->link ? AE_IFLNK : AE_IFREG);
        archive_entry_set_perm(header, 0600);
        if (entry->link)
            archive_entry_set_symlink(header, entry->link);
        else
            archive_entry_set_size(header, (la_int64_t)entry->size_bytes);
        assert_int_equal(archive_write_header(archive, header), ARCHIVE_OK);
        if (!entry->link && entry->size_bytes > 0)
            assert_int_equal(archive_write_data(archive, entry->data, entry->size_bytes),
                             entry->size_bytes);
    }
    assert_int_equal(archive_write_close(archive), ARCHIVE_OK);
    archive_entry_free(header);
    archive_write_free(archive);
}

void zip_copy_release(struct zip_copy *copy)
{
    for (size_t i = 0; i < copy->count; i++)
        free(copy->entries[i].data);
    copy->count = 0;
}

struct zip_copy_entry *zip_copy_find(struct zip_copy *copy, const char *ending)
{
    size_t bytes = strlen(ending);

    for (size_t i = 0; i < copy->count; i++) {
        size_t name_bytes = strlen(copy->entries[i].name);

        if (name_bytes >= bytes && strcmp(copy->entries[i].name + name_bytes - bytes, ending) == 0)
            return &copy->entries[i];
    }
    return NULL;
}

struct zip_copy_entry *zip_copy_add(struct zip_copy *copy, const char *name, const char *text)
{
    struct zip_copy_entry *entry = &copy->entries[copy->count];

    assert_true(copy->count < ZIP_COPY_ENTRIES);
    *entry = (struct zip_copy_entry){0};
    snprintf(entry->name, sizeof(entry->name), "%s", name);
    zip_copy_set(entry, text);
    copy->count++;
    return entry;
}

void zip_copy_set(struct zip_copy_entry *entry, const char *text)
{
    assert_non_null(entry);
    free(entry->data);
    entry->data = strdup(text);
    assert_non_null(entry->data);
    entry->size_bytes = strlen(text);
}

void zip_copy_remove(struct zip_copy *copy, const char *ending)
{
    struct zip_copy_entry *entry = zip_copy_find(copy, ending);

    assert_non_null(entry);
    free(entry->data);
    copy->count--;
    memmove(entry, entry + 1, (size_t)(copy->entries + copy->count - entry) * sizeof(*entry));
}

void zip_copy_replace(struct zip_copy_entry *entry, const char *from, const char *to)
{
    assert_non_null(entry);
    char *at = strstr(entry->data, from);
    assert_non_null(at);
    size_t before = (size_t)(at - entry->data);
    char *text = malloc(entry->size_bytes + strlen(to) + 1);
    assert_non_null(text);
    memcpy(text, entry->data, before);
    strcpy(text + before, to);
    strcat(text, at + strlen(from));
    zip_copy_set(entry, text);
    free(text);
}

bool zip_copy_equal(const struct zip_copy *a, const struct zip_copy *b)
{
    bool is_equal = a->count == b->count;

    for (size_t i = 0; is_equal && i < a->count; i++) {
        const struct zip_copy_entry *x = &a->entries[i];
        const struct zip_copy_entry *y = &b->entries[i];

        is_equal = strcmp(x->name, y->name) == 0 && x->size_bytes == y->size_bytes &&
                   memcmp(x->data, y->data, x->size_bytes) == 0;
    }
    return is_equal;
}
