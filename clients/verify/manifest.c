// SPDX-License-Identifier: MIT
#include "clients/verify/manifest.h"

#include <string.h>

#define DIGITS ((size_t)2 * ENTRY_DIGEST_BYTES)

static int digit(char character)
{
    if (character >= '0' && character <= '9')
        return character - '0';
    if (character >= 'a' && character <= 'f')
        return character - 'a' + 10;
    if (character >= 'A' && character <= 'F')
        return character - 'A' + 10;
    return -1;
}

/* One byte of two hexadecimal digits, or -1. The second is looked at only when the first is one. */
static int byte_of(const char *pair)
{
    int high = digit(pair[0]);
    int low = high < 0 ? -1 : digit(pair[1]);

    return low < 0 ? -1 : high * 16 + low;
}

/* Decodes %0A, %0D and %25 in place; other percent signs stand for themselves, as older writers
 * mean them. */
static void decode_path(char *path)
{
    char *to = path;

    for (const char *from = path; *from; from++) {
        int byte = *from == '%' ? byte_of(from + 1) : -1;

        if (byte == '\n' || byte == '\r' || byte == '%') {
            *to++ = (char)byte;
            from += 2;
        } else {
            *to++ = *from;
        }
    }
    *to = '\0';
}

static const char *parse_line(char *line, size_t size_bytes, struct manifest_line *parsed)
{
    size_t at = DIGITS;

    if (strlen(line) != size_bytes)
        return "has a NUL byte";
    if (size_bytes < DIGITS + 2)
        return "is too short for a digest and a path";
    for (size_t i = 0; i < ENTRY_DIGEST_BYTES; i++) {
        int byte = byte_of(line + 2 * i);

        if (byte < 0)
            return "does not begin with a SHA-256 digest";
        parsed->digest[i] = (uint8_t)byte;
    }
    if (line[at] != ' ' && line[at] != '\t')
        return "has no space behind its digest";
    at += strspn(line + at, " \t");
    decode_path(line + at);
    parsed->path = line + at;
    return container_name_fault(parsed->path) ? "has a path that is not allowed" : NULL;
}

static int end_line(struct manifest *manifest)
{
    struct manifest_line parsed;
    const char *fault;

    manifest->line_number++;
    if (manifest->used > 0 && manifest->line[manifest->used - 1] == '\r')
        manifest->used--;
    manifest->line[manifest->used] = '\0';
    fault =
        manifest->is_too_long ? "is too long" : parse_line(manifest->line, manifest->used, &parsed);
    manifest->used = 0;
    manifest->is_too_long = false;
    if (!fault)
        return manifest->visitor(manifest->context, &parsed);
    problem(manifest->problems, manifest->name, "its line %llu %s",
            (unsigned long long)manifest->line_number, fault);
    return 0;
}

int manifest_take(void *context, const void *data, size_t size_bytes)
{
    struct manifest *manifest = context;
    const char *bytes = data;
    int rc = 0;

    for (size_t i = 0; !rc && i < size_bytes; i++) {
        if (bytes[i] == '\n')
            rc = end_line(manifest);
        else if (manifest->used + 1 < sizeof(manifest->line))
            manifest->line[manifest->used++] = bytes[i];
        else
            manifest->is_too_long = true;
    }
    return rc;
}

int manifest_end(struct manifest *manifest)
{
    return manifest->used > 0 ? end_line(manifest) : 0;
}
