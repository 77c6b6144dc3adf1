// SPDX-License-Identifier: MIT
#include <errno.h>
#include <unistd.h>

#include "clients/verify/zip_bytes.h"
#include "schemas/base/errors.h"

#define END_BYTES         22
#define END_SIGNATURE     0x06054b50u
#define LOCATOR_BYTES     20
#define LOCATOR_SIGNATURE 0x07064b50u
#define END64_BYTES       56
#define END64_SIGNATURE   0x06064b50u
#define COMMENT_BYTES     65535

int zip_read_at(const struct zip_directory *directory, uint64_t at, size_t size_bytes,
                unsigned char *buffer, bool *is_there)
{
    size_t done = 0;

    *is_there = at <= directory->file_bytes && size_bytes <= directory->file_bytes - at;
    while (*is_there && done < size_bytes) {
        ssize_t bytes =
            pread(directory->file, buffer + done, size_bytes - done, (off_t)(at + done));

        if (bytes < 0 && errno != EINTR)
            return -ERROR_IO;
        if (bytes == 0)
            *is_there = false; /* it was cut while it is read */
        done += bytes > 0 ? (size_t)bytes : 0;
    }
    return 0;
}

/* Where the end record is: at the very end, or before a comment or foreign bytes, which are a
 * problem but no reason to stop. */
static int find_end(struct zip_directory *directory, uint64_t *end, bool *is_found)
{
    uint64_t most = END_BYTES + COMMENT_BYTES;
    size_t tail = (size_t)(directory->file_bytes < most ? directory->file_bytes : most);
    uint64_t tail_begin = directory->file_bytes - tail;
    bool is_there;

    *is_found = false;
    int rc = zip_read_at(directory, tail_begin, tail, directory->buffer, &is_there);
    if (rc || !is_there || tail < END_BYTES)
        return rc;
    for (size_t at = tail - END_BYTES + 1; at-- > 0;) {
        if (read32(directory->buffer + at) == END_SIGNATURE) {
            *is_found = true;
            *end = tail_begin + at;
            if (at + END_BYTES != tail || read16(directory->buffer + at + 20) != 0)
                problem(directory->problems, NULL, "%zu bytes stand behind the end of the ZIP file",
                        tail - at - END_BYTES);
            return 0;
        }
    }
    return 0;
}

/* Replaces what the end record says by what the ZIP64 one in front of it says. *end becomes the
 * place of the latter. */
static int read_end64(struct zip_directory *directory, const unsigned char *end_record,
                      uint64_t *end)
{
    unsigned char locator[LOCATOR_BYTES] = {0};
    unsigned char record[END64_BYTES] = {0};
    bool is_there;

    if (*end < LOCATOR_BYTES + END64_BYTES)
        return 0;
    int rc = zip_read_at(directory, *end - LOCATOR_BYTES, LOCATOR_BYTES, locator, &is_there);
    if (rc || !is_there || read32(locator) != LOCATOR_SIGNATURE)
        return rc;
    uint64_t at = *end - LOCATOR_BYTES - END64_BYTES;

    rc = zip_read_at(directory, at, END64_BYTES, record, &is_there);
    if (rc)
        return rc;
    if (!is_there || read64(locator + 8) != at || read32(locator + 4) != 0 ||
        read32(locator + 16) != 1 || read32(record) != END64_SIGNATURE ||
        read64(record + 4) != END64_BYTES - 12 || read32(record + 16) != 0 ||
        read32(record + 20) != 0 || read64(record + 24) != read64(record + 32)) {
        problem(directory->problems, NULL, "the ZIP64 end record is damaged");
        return 0;
    }
    if ((directory->count != 0xffff && directory->count != read64(record + 32)) ||
        (directory->begin != 0xffffffff && directory->begin != read64(record + 48)) ||
        (read32(end_record + 12) != 0xffffffff && read32(end_record + 12) != read64(record + 40)))
        problem(directory->problems, NULL,
                "the two end records of the ZIP file contradict each other");
    directory->count = read64(record + 32);
    directory->end = read64(record + 40); /* the size, until the caller adds the beginning */
    directory->begin = read64(record + 48);
    *end = at;
    return 0;
}

int zip_read_end(struct zip_directory *directory, bool *is_found)
{
    unsigned char record[END_BYTES] = {0};
    uint64_t end = 0;
    bool is_there = true;

    int rc = find_end(directory, &end, is_found);
    if (!rc && *is_found)
        rc = zip_read_at(directory, end, END_BYTES, record, &is_there);
    *is_found = *is_found && is_there;
    if (rc || !*is_found)
        return rc;
    if (read16(record + 4) != 0 || read16(record + 6) != 0 ||
        read16(record + 8) != read16(record + 10))
        problem(directory->problems, NULL, "the ZIP end record is damaged");
    directory->count = read16(record + 10);
    directory->end = read32(record + 12);
    directory->begin = read32(record + 16);
    rc = read_end64(directory, record, &end);
    if (rc)
        return rc;
    *is_found = directory->begin <= end && directory->end == end - directory->begin;
    directory->end = end;
    return 0;
}
