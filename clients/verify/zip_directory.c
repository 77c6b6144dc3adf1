// SPDX-License-Identifier: MIT
#include "clients/verify/zip_directory.h"

#include <stdlib.h>
#include <string.h>

#include "clients/verify/zip_bytes.h"
#include "schemas/base/errors.h"

#define RECORD_BYTES         46
#define RECORD_SIGNATURE     0x02014b50u
#define LOCAL_BYTES          30
#define LOCAL_SIGNATURE      0x04034b50u
#define DESCRIPTOR_SIGNATURE 0x08074b50u
#define EXTRA_ZIP64          0x0001
#define EXTRA_UNICODE_PATH   0x7075
#define FLAG_DESCRIPTOR      0x0008
#define FLAG_UTF8            0x0800
#define FLAG_LEVEL           0x0006 /* how hard the compressor tried */
#define BUFFER_BYTES         (RECORD_BYTES + 3 * 65535)
#define LOCAL_REST_BYTES     (2 * 65535) /* behind the former: name and extra fields of a header */

int zip_directory_open(struct zip_directory *directory, int file, uint64_t file_bytes,
                       struct problems *problems, bool *is_found)
{
    *directory = (struct zip_directory){.file = file, .file_bytes = file_bytes};
    directory->problems = problems;
    directory->buffer = malloc(BUFFER_BYTES + LOCAL_REST_BYTES);
    if (!directory->buffer)
        return -ERROR_MEMORY;
    int rc = zip_read_end(directory, is_found);
    directory->position = directory->begin;
    if (!rc && !*is_found)
        problem(problems, NULL,
                "no ZIP end record that fits: the file is cut, damaged or not a ZIP file");
    return rc;
}

void zip_directory_close(struct zip_directory *directory)
{
    free(directory->buffer);
    directory->buffer = NULL;
}

/* One extra field of an entry. */
struct extra {
    const unsigned char *data;
    size_t size_bytes;
    bool is_there;
};

/* Looks one up; false when the fields do not fill their space exactly. */
static bool find_extra(const unsigned char *fields, size_t size_bytes, uint16_t id,
                       struct extra *extra)
{
    size_t at = 0;

    *extra = (struct extra){0};
    while (size_bytes - at >= 4) {
        size_t bytes = read16(fields + at + 2);

        if (bytes > size_bytes - at - 4)
            return false;
        if (read16(fields + at) == id) {
            if (extra->is_there)
                return false;
            *extra = (struct extra){fields + at + 4, bytes, true};
        }
        at += 4 + bytes;
    }
    return at == size_bytes;
}

/* Takes the next 64-bit value of a ZIP64 field for a 32-bit one that says it is there. */
static bool widen(struct extra *zip64, uint64_t *value)
{
    if (*value != 0xffffffff)
        return true;
    if (!zip64->is_there || zip64->size_bytes < 8)
        return false;
    *value = read64(zip64->data);
    zip64->data += 8;
    zip64->size_bytes -= 8;
    return true;
}

/* Reads the record at the position: false when it is damaged. */
static bool parse_record(struct zip_directory *directory, const unsigned char *record,
                         struct zip_member *member)
{
    size_t name_bytes = read16(record + 28);
    size_t extra_bytes = read16(record + 30);
    const unsigned char *fields = record + RECORD_BYTES + name_bytes;
    struct extra zip64;
    struct extra path;

    member->name_bytes = (uint16_t)name_bytes;
    memcpy(member->name, record + RECORD_BYTES, name_bytes);
    member->name[name_bytes] = '\0';
    member->flags = read16(record + 8);
    member->method = read16(record + 10);
    member->time = read32(record + 12);
    member->crc = read32(record + 16);
    member->compressed_bytes = read32(record + 20);
    member->size_bytes = read32(record + 24);
    member->begin = read32(record + 42);
    /* The upper byte of "version made by" is the system that the attributes are of; 3 is Unix. */
    member->mode = record[5] == 3 ? read16(record + 40) : 0;
    if (!find_extra(fields, extra_bytes, EXTRA_ZIP64, &zip64) ||
        !find_extra(fields, extra_bytes, EXTRA_UNICODE_PATH, &path))
        return false;
    if (path.is_there)
        problem(directory->problems, member->name, "it has a second name for some readers");
    return widen(&zip64, &member->size_bytes) && widen(&zip64, &member->compressed_bytes) &&
           widen(&zip64, &member->begin) && zip64.size_bytes == 0 && read16(record + 34) == 0;
}

/* What the bytes between the header and the next entry say when sizes came behind the data. */
static int check_descriptor(struct zip_directory *directory, struct zip_member *member,
                            bool is_zip64, bool *agrees)
{
    unsigned char descriptor[24] = {0};
    size_t bytes = is_zip64 ? 24 : 16;
    bool is_there;

    int rc = zip_read_at(directory, member->end, bytes, descriptor, &is_there);
    if (rc)
        return rc;
    *agrees =
        is_there && read32(descriptor) == DESCRIPTOR_SIGNATURE &&
        read32(descriptor + 4) == member->crc &&
        (is_zip64 ? read64(descriptor + 8) : read32(descriptor + 8)) == member->compressed_bytes &&
        (is_zip64 ? read64(descriptor + 16) : read32(descriptor + 12)) == member->size_bytes;
    member->end += bytes;
    return 0;
}

/* Sizes and CRC of a header: right, or each of them perhaps zero where a descriptor has them. */
static bool local_sizes_agree(const unsigned char *local, const struct zip_member *member,
                              struct extra zip64)
{
    bool is_later = member->flags & FLAG_DESCRIPTOR;
    uint32_t crc = read32(local + 14);
    uint64_t size_bytes = read32(local + 22);
    uint64_t compressed_bytes = read32(local + 18);

    if (!widen(&zip64, &size_bytes) || !widen(&zip64, &compressed_bytes))
        return false;
    return (size_bytes == member->size_bytes || (is_later && size_bytes == 0)) &&
           (compressed_bytes == member->compressed_bytes || (is_later && compressed_bytes == 0)) &&
           (crc == member->crc || (is_later && crc == 0));
}

/* Name, extra fields and sizes of a header whose fixed part is right; they are in the buffer from
 * here on. */
static int check_local_rest(struct zip_directory *directory, const unsigned char *local,
                            struct zip_member *member, unsigned char *rest, bool *agrees)
{
    size_t name_bytes = read16(local + 26);
    size_t extra_bytes = read16(local + 28);
    struct extra zip64;
    struct extra path;
    bool is_there;

    *agrees = false;
    int rc = zip_read_at(directory, member->begin + LOCAL_BYTES, name_bytes + extra_bytes, rest,
                         &is_there);
    if (rc || !is_there || name_bytes != member->name_bytes ||
        memcmp(rest, member->name, name_bytes) != 0 ||
        !find_extra(rest + name_bytes, extra_bytes, EXTRA_ZIP64, &zip64) ||
        !find_extra(rest + name_bytes, extra_bytes, EXTRA_UNICODE_PATH, &path) || path.is_there)
        return rc;
    *agrees = local_sizes_agree(local, member, zip64);
    member->end = member->begin + LOCAL_BYTES + name_bytes + extra_bytes;
    if (member->compressed_bytes > directory->begin - member->end) {
        *agrees = false;
        return 0;
    }
    member->end += member->compressed_bytes;
    if (!*agrees || !(member->flags & FLAG_DESCRIPTOR))
        return 0;
    return check_descriptor(directory, member, zip64.is_there, agrees);
}

/* Compares the header in front of an entry with its record. */
static int check_local(struct zip_directory *directory, struct zip_member *member, bool *agrees)
{
    unsigned char local[LOCAL_BYTES] = {0};
    bool is_there;

    *agrees = false;
    int rc = zip_read_at(directory, member->begin, LOCAL_BYTES, local, &is_there);
    if (rc || !is_there || read32(local) != LOCAL_SIGNATURE || read16(local + 6) != member->flags ||
        read16(local + 8) != member->method || read32(local + 10) != member->time)
        return rc;
    rc = check_local_rest(directory, local, member, directory->buffer + BUFFER_BYTES, agrees);
    if (!rc && *agrees && member->end > directory->begin)
        *agrees = false;
    return rc;
}

/* What readers could disagree about, or what no bundle of ours needs. */
static void check_kind(struct zip_directory *directory, const struct zip_member *member,
                       bool *is_usable)
{
    const char *fault = NULL;
    unsigned type = member->mode & 0170000u;

    if (strlen(member->name) != member->name_bytes)
        fault = "its name has a NUL byte";
    else if (member->flags & ~(FLAG_DESCRIPTOR | FLAG_UTF8 | FLAG_LEVEL))
        fault = "it is encrypted or needs a feature that not every reader has";
    else if (member->method != 0 && member->method != 8)
        fault = "it is compressed with a method other than deflate";
    else if (type != 0 && type != 0100000 && type != 0040000)
        fault = "it is a link or a special file";
    if (fault) {
        problem(directory->problems, member->name, "%s", fault);
        *is_usable = false;
    }
}

static int check_member(struct zip_directory *directory, struct zip_member *member, bool *is_usable)
{
    bool agrees;

    *is_usable = false;
    if (directory->expected_begin != UINT64_MAX && member->begin != directory->expected_begin)
        problem(directory->problems, member->name,
                "it does not begin where the entry before it ends");
    if (member->begin >= directory->begin || directory->begin - member->begin < LOCAL_BYTES) {
        problem(directory->problems, member->name,
                "it lies outside of the entries' part of the ZIP");
        return 0;
    }
    int rc = check_local(directory, member, &agrees);
    if (rc)
        return rc;
    *is_usable = agrees;
    directory->expected_begin = agrees ? member->end : UINT64_MAX;
    if (!agrees)
        problem(directory->problems, member->name,
                "the header in front of it and the directory at the end contradict each other");
    check_kind(directory, member, is_usable);
    return 0;
}

/* Reports what the whole directory adds up to. */
static void check_end(struct zip_directory *directory)
{
    if (directory->visited != directory->count)
        problem(directory->problems, NULL,
                "the ZIP directory has %llu entries, its end record says %llu",
                (unsigned long long)directory->visited, (unsigned long long)directory->count);
    if (directory->expected_begin != UINT64_MAX && directory->expected_begin != directory->begin)
        problem(directory->problems, NULL, "bytes before the ZIP directory belong to no entry");
}

/* Brings the next bytes of the directory into the buffer; NULL when there are not so many. */
static int look_ahead(struct zip_directory *directory, size_t size_bytes,
                      const unsigned char **bytes)
{
    uint64_t left = directory->end - directory->position;
    uint64_t position = directory->position;
    bool is_there = true;
    int rc = 0;

    *bytes = NULL;
    if (size_bytes > left)
        return 0;
    if (position < directory->window_begin || position + size_bytes > directory->window_end) {
        size_t most = (size_t)(left < BUFFER_BYTES ? left : BUFFER_BYTES);

        rc = zip_read_at(directory, position, most, directory->buffer, &is_there);
        directory->window_begin = position;
        directory->window_end = !rc && is_there ? position + most : position;
    }
    if (!rc && is_there)
        *bytes = directory->buffer + (position - directory->window_begin);
    return rc;
}

/* The next record, whole; NULL when it is damaged. */
static int next_record(struct zip_directory *directory, const unsigned char **record,
                       size_t *record_bytes)
{
    int rc = look_ahead(directory, RECORD_BYTES, record);

    if (rc || !*record)
        return rc;
    if (read32(*record) != RECORD_SIGNATURE) {
        *record = NULL;
        return 0;
    }
    *record_bytes =
        (size_t)RECORD_BYTES + read16(*record + 28) + read16(*record + 30) + read16(*record + 32);
    return look_ahead(directory, *record_bytes, record);
}

int zip_directory_next(struct zip_directory *directory, struct zip_member *member, bool *has_member,
                       bool *is_usable)
{
    const unsigned char *record;
    size_t record_bytes = 0;

    *has_member = false;
    if (directory->position == directory->end) {
        check_end(directory);
        return 0;
    }
    int rc = next_record(directory, &record, &record_bytes);
    if (rc)
        return rc;
    if (!record || !parse_record(directory, record, member)) {
        problem(directory->problems, NULL,
                "the ZIP directory is damaged at its entry %llu; the rest of it was not read",
                (unsigned long long)directory->visited + 1);
        return 0;
    }
    *has_member = true;
    directory->position += record_bytes;
    directory->visited++;
    if (read16(record + 32) != 0)
        problem(directory->problems, member->name, "it has a comment");
    return check_member(directory, member, is_usable);
}
