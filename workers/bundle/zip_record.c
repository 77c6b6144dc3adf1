// SPDX-License-Identifier: MIT
#include "workers/bundle/zip_record.h"

#include <string.h>

#define SIGNATURE_HEADER      0x04034b50U
#define SIGNATURE_DESCRIPTOR  0x08074b50U
#define SIGNATURE_CENTRAL     0x02014b50U
#define SIGNATURE_END         0x06054b50U
#define SIGNATURE_END64       0x06064b50U
#define SIGNATURE_LOCATOR64   0x07064b50U
#define VERSION_DEFLATE       20
#define VERSION_ZIP64         45
#define MADE_BY_UNIX          (3U << 8)
#define METHOD_DEFLATE        8
#define FLAG_STREAMED         (1U << 3)
#define FLAG_UTF8             (1U << 11)
#define MODE                  (0100600U << 16)
#define EXTRA_ZIP64           1
#define EXTRA_TIME            0x5455
#define EXTRA_TIME_BYTES      5
#define EXTRA_TIME_MODIFIED   1
#define END64_REMAINING_BYTES 44
#define HEADER64_EXTRA_BYTES  16
#define ELSEWHERE16           0xffffU
#define ELSEWHERE32           0xffffffffU

static void put(struct wire_output *output, uint64_t value, unsigned bytes)
{
    uint8_t buffer[8];

    for (unsigned i = 0; i < bytes; i++)
        buffer[i] = (uint8_t)(value >> (8 * i));
    wire_append(output, buffer, bytes);
}

static void put16(struct wire_output *output, uint64_t value)
{
    put(output, value, 2);
}

static void put32(struct wire_output *output, uint64_t value)
{
    put(output, value, 4);
}

static void put64(struct wire_output *output, uint64_t value)
{
    put(output, value, 8);
}

/* What does not fit says that the ZIP64 field has it. */
static uint64_t or_elsewhere(uint64_t value, uint64_t elsewhere)
{
    return value < elsewhere ? value : elsewhere;
}

struct zip_time zip_time_of(time_t seconds)
{
    struct zip_time result = {.seconds = seconds, .dos_date = 1U << 5 | 1U}; /* 1980-01-01 */
    struct tm local;

    if (!localtime_r(&seconds, &local) || local.tm_year < 80 || local.tm_year > 80 + 127)
        return result;
    result.dos_time = (uint16_t)(local.tm_hour << 11 | local.tm_min << 5 |
                                 (local.tm_sec < 60 ? local.tm_sec : 59) / 2);
    result.dos_date =
        (uint16_t)((local.tm_year - 80) << 9 | (local.tm_mon + 1) << 5 | local.tm_mday);
    return result;
}

static unsigned version_of(const struct zip_entry *entry)
{
    return entry->is_streamed || entry->offset >= ELSEWHERE32 ? VERSION_ZIP64 : VERSION_DEFLATE;
}

/* What local header and central directory have in common, from the version to the date. */
static void put_kind(struct wire_output *output, const struct zip_entry *entry,
                     const struct zip_time *time)
{
    put16(output, version_of(entry));
    put16(output, FLAG_UTF8 | (entry->is_streamed ? FLAG_STREAMED : 0));
    put16(output, METHOD_DEFLATE);
    put16(output, time->dos_time);
    put16(output, time->dos_date);
}

static void put_extra_time(struct wire_output *output, const struct zip_time *time)
{
    put16(output, EXTRA_TIME);
    put16(output, EXTRA_TIME_BYTES);
    put(output, EXTRA_TIME_MODIFIED, 1);
    put32(output, (uint64_t)time->seconds);
}

void zip_record_header(struct wire_output *output, const struct zip_entry *entry,
                       const struct zip_time *time)
{
    size_t path_bytes = strlen(entry->path);
    bool is_streamed = entry->is_streamed;

    put32(output, SIGNATURE_HEADER);
    put_kind(output, entry, time);
    put32(output, is_streamed ? 0 : entry->crc);
    put32(output, is_streamed ? ELSEWHERE32 : entry->compressed_bytes);
    put32(output, is_streamed ? ELSEWHERE32 : entry->size_bytes);
    put16(output, path_bytes);
    put16(output, 4 + EXTRA_TIME_BYTES + (is_streamed ? 4 + HEADER64_EXTRA_BYTES : 0));
    wire_append(output, entry->path, path_bytes);
    put_extra_time(output, time);
    if (is_streamed) { /* says that the descriptor has sizes of eight bytes */
        put16(output, EXTRA_ZIP64);
        put16(output, HEADER64_EXTRA_BYTES);
        put64(output, 0);
        put64(output, 0);
    }
}

void zip_record_descriptor(struct wire_output *output, const struct zip_entry *entry)
{
    put32(output, SIGNATURE_DESCRIPTOR);
    put32(output, entry->crc);
    put64(output, entry->compressed_bytes);
    put64(output, entry->size_bytes);
}

/* In the central directory, the ZIP64 field has exactly those numbers that do not fit. */
static void put_extra_large(struct wire_output *output, const uint64_t numbers[3], size_t count)
{
    if (count == 0)
        return;
    put16(output, EXTRA_ZIP64);
    put16(output, 8 * count);
    for (size_t i = 0; i < 3; i++) {
        if (numbers[i] >= ELSEWHERE32)
            put64(output, numbers[i]);
    }
}

void zip_record_central(struct wire_output *output, const struct zip_entry *entry,
                        const struct zip_time *time)
{
    const uint64_t numbers[3] = {entry->size_bytes, entry->compressed_bytes, entry->offset};
    size_t path_bytes = strlen(entry->path);
    size_t large = 0;

    for (size_t i = 0; i < 3; i++)
        large += numbers[i] >= ELSEWHERE32;
    put32(output, SIGNATURE_CENTRAL);
    put16(output, MADE_BY_UNIX | VERSION_ZIP64);
    put_kind(output, entry, time);
    put32(output, entry->crc);
    put32(output, or_elsewhere(entry->compressed_bytes, ELSEWHERE32));
    put32(output, or_elsewhere(entry->size_bytes, ELSEWHERE32));
    put16(output, path_bytes);
    put16(output, 4 + EXTRA_TIME_BYTES + (large > 0 ? 4 + 8 * large : 0));
    put16(output, 0); /* comment */
    put16(output, 0); /* disk */
    put16(output, 0); /* internal attributes */
    put32(output, MODE);
    put32(output, or_elsewhere(entry->offset, ELSEWHERE32));
    wire_append(output, entry->path, path_bytes);
    put_extra_time(output, time);
    put_extra_large(output, numbers, large);
}

static void put_end64(struct wire_output *output, uint64_t entries, uint64_t directory_offset,
                      uint64_t directory_bytes)
{
    put32(output, SIGNATURE_END64);
    put64(output, END64_REMAINING_BYTES);
    put16(output, MADE_BY_UNIX | VERSION_ZIP64);
    put16(output, VERSION_ZIP64);
    put32(output, 0); /* this disk */
    put32(output, 0); /* the directory's */
    put64(output, entries);
    put64(output, entries);
    put64(output, directory_bytes);
    put64(output, directory_offset);
    put32(output, SIGNATURE_LOCATOR64);
    put32(output, 0);
    put64(output, directory_offset + directory_bytes); /* of the record above */
    put32(output, 1);                                  /* disks */
}

void zip_record_end(struct wire_output *output, uint64_t entries, uint64_t directory_offset,
                    uint64_t directory_bytes)
{
    if (entries >= ELSEWHERE16 || directory_offset >= ELSEWHERE32 || directory_bytes >= ELSEWHERE32)
        put_end64(output, entries, directory_offset, directory_bytes);
    put32(output, SIGNATURE_END);
    put16(output, 0); /* this disk */
    put16(output, 0); /* the directory's */
    put16(output, or_elsewhere(entries, ELSEWHERE16));
    put16(output, or_elsewhere(entries, ELSEWHERE16));
    put32(output, or_elsewhere(directory_bytes, ELSEWHERE32));
    put32(output, or_elsewhere(directory_offset, ELSEWHERE32));
    put16(output, 0); /* comment */
}
