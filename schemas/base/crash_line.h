// SPDX-License-Identifier: MIT
/* A last line in the log of a process that a fault ends (SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT),
 * which would else end without a word: the signal, and the program or library and the place in it
 * where it happened. Then the signal does what it does. Libraries end like that too, some of them
 * whenever memory is short. */
#ifndef SCHEMAS_BASE_CRASH_LINE_H
#define SCHEMAS_BASE_CRASH_LINE_H

#include <stdbool.h>

/* Called first in main. program must outlive the process. Signals that have a handler already, as a
 * sanitizer's, keep it; false when one does or nothing could be installed. */
bool crash_line_install(const char *program);

#endif
