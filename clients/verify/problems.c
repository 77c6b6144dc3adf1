// SPDX-License-Identifier: MIT
#include "clients/verify/problems.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define PATH_BYTES 1024
#define TEXT_BYTES 1536

/* Names come from the bundle: whoever made it must not be able to write to somebody's terminal. */
static void make_printable(const char *bytes, char *text, size_t text_bytes)
{
    size_t used = 0;

    for (; *bytes && used + 5 < text_bytes; bytes++) {
        unsigned char byte = (unsigned char)*bytes;

        if (byte >= ' ' && byte < 0x7f)
            text[used++] = *bytes;
        else
            used += (size_t)snprintf(text + used, text_bytes - used, "\\x%02x", byte);
    }
    text[used] = '\0';
}

void problem(struct problems *problems, const char *path, const char *format, ...)
{
    char raw[TEXT_BYTES];
    char text[TEXT_BYTES];
    char shown[PATH_BYTES];
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(raw, sizeof(raw), format, arguments);
    va_end(arguments);
    problems->count++;
    if (!problems->report)
        return;
    make_printable(raw, text, sizeof(text));
    make_printable(path ? path : VERIFY_WHOLE, shown, sizeof(shown));
    problems->report(problems->context, shown, text);
}
