// SPDX-License-Identifier: MIT
#include "schemas/base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "schemas/base/clock.h"

#define LINE_BYTES 2048

static const char *const level_names[] = {"error", "warning", "info", "debug"};
static const char *program_name = "exportd";
static enum log_level level_limit = LOG_INFO;
static _Thread_local struct log_buffer *collected;

void log_configure(const char *program, enum log_level level)
{
    program_name = program;
    level_limit = level;
}

/* Eight bytes of ASCII without a control character are recognised at once. */
static bool is_plain_word(const char *at)
{
    const uint64_t ones = 0x0101010101010101u;
    const uint64_t highs = 0x8080808080808080u;
    uint64_t word;

    memcpy(&word, at, sizeof word);
    return ((word | (word - ones * ' ') | ((word ^ (ones * 0x7F)) - ones)) & highs) == 0;
}

/* A value that slipped in unescaped must not be able to start a second line. */
static void flatten(char *line, size_t size_bytes)
{
    size_t i = 0;

    while (i < size_bytes) {
        if (size_bytes - i >= sizeof(uint64_t) && is_plain_word(line + i)) {
            i += sizeof(uint64_t);
            continue;
        }
        if ((unsigned char)line[i] < ' ' || line[i] == 0x7F) {
            line[i] = ' ';
        }
        i++;
    }
}

/* What standard error does not take is lost: nobody could be told. */
static void write_all(const char *bytes, size_t size_bytes)
{
    while (size_bytes > 0) {
        ssize_t written = write(STDERR_FILENO, bytes, size_bytes);

        if (written < 0 && errno != EINTR) {
            return;
        }
        bytes += written < 0 ? 0 : written;
        size_bytes -= written < 0 ? 0 : (size_t)written;
    }
}

void log_seal(void)
{
    if (collected) {
        collected->sealed_bytes = collected->used_bytes;
    }
}

void log_flush_sealed(void)
{
    int saved_errno = errno;

    if (collected && collected->sealed_bytes > 0) {
        write_all(collected->bytes, collected->sealed_bytes);
        collected->used_bytes -= collected->sealed_bytes;
        memmove(collected->bytes, collected->bytes + collected->sealed_bytes,
                collected->used_bytes);
        collected->sealed_bytes = 0;
    }
    errno = saved_errno;
}

void log_flush(void)
{
    log_seal();
    log_flush_sealed();
}

void log_collect(struct log_buffer *buffer)
{
    log_flush();
    collected = buffer;
    if (buffer) {
        buffer->used_bytes = 0;
        buffer->sealed_bytes = 0;
    }
}

static void put(enum log_level level, const char *line, size_t size_bytes)
{
    if (collected && sizeof(collected->bytes) - collected->used_bytes < size_bytes) {
        log_flush();
    }
    if (!collected || level <= LOG_WARNING) {
        log_flush();
        write_all(line, size_bytes);
        return;
    }
    memcpy(collected->bytes + collected->used_bytes, line, size_bytes);
    collected->used_bytes += size_bytes;
}

/* Appends to a line that has room for it and for one byte more. */
static size_t append(char *line, size_t used, size_t limit, const char *text)
{
    size_t size_bytes = strnlen(text, limit - 1 - used);

    memcpy(line + used, text, size_bytes);
    return used + size_bytes;
}

static size_t begin_line(char *line, size_t limit, enum log_level level, const char *event)
{
    char time[DATE_TIME_BUFFER];
    const char *const parts[] = {"time=",     date_time_format(wall_now(), time),
                                 " level=",   level_names[level],
                                 " program=", program_name,
                                 " event=",   event,
                                 " "};
    size_t used = 0;

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        used = append(line, used, limit, parts[i]);
    }
    return used;
}

void log_line(enum log_level level, const char *event, const char *format, ...)
{
    char line[LINE_BYTES];
    const size_t limit = sizeof(line) - 1;
    va_list arguments;
    size_t used;
    int written;
    int saved_errno = errno;

    if (level > level_limit) {
        return;
    }
    used = begin_line(line, limit, level, event);
    va_start(arguments, format);
    written = vsnprintf(line + used, limit - used, format, arguments);
    va_end(arguments);
    used += written < 0 ? 0 : (size_t)written < limit - used ? (size_t)written : limit - used - 1;
    while (used != 0 && line[used - 1] == ' ') {
        used--;
    }
    flatten(line, used);
    line[used++] = '\n';
    put(level, line, used);
    errno = saved_errno;
}

static bool is_bare(unsigned char byte)
{
    return byte > ' ' && byte < 0x7F && byte != '"' && byte != '=' && byte != '\\';
}

static bool needs_quotes(struct text t)
{
    for (uint32_t i = 0; i < t.size_bytes; i++) {
        if (!is_bare((unsigned char)t.data[i])) {
            return true;
        }
    }
    return t.size_bytes == 0;
}

/* Writes one byte's form to piece (at least five bytes) and returns its length. */
static size_t escape(unsigned char byte, char *piece)
{
    if (byte == '"' || byte == '\\') {
        piece[0] = '\\';
        piece[1] = (char)byte;
        return 2;
    }
    if (byte >= ' ' && byte < 0x7F) {
        piece[0] = (char)byte;
        return 1;
    }
    return (size_t)snprintf(piece, 5, "\\x%02X", byte);
}

char *log_value(struct text t, char *buffer, size_t buffer_bytes)
{
    bool quoted = needs_quotes(t);
    size_t reserved = quoted ? 2 : 1; /* the closing quote and the NUL */
    size_t used = 0;

    if (buffer_bytes < 3) {
        if (buffer_bytes != 0) {
            buffer[0] = '\0';
        }
        return buffer;
    }
    if (quoted) {
        buffer[used++] = '"';
    }
    for (uint32_t i = 0; i < t.size_bytes; i++) {
        char piece[5];
        size_t bytes = escape((unsigned char)t.data[i], piece);

        if (used + bytes + reserved > buffer_bytes) {
            break;
        }
        memcpy(buffer + used, piece, bytes);
        used += bytes;
    }
    if (quoted) {
        buffer[used++] = '"';
    }
    buffer[used] = '\0';
    return buffer;
}
