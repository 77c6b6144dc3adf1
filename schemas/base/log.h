// SPDX-License-Identifier: MIT
/* One line a decision, key=value, on standard error. Lines hold ids, codes and counts; never a
 * name, a token or a payload. Leaves do not log: the edge where an error's journey ends does, once.
 * May be called from any thread; a line is written with one write(2), unless its thread collects.
 */
#ifndef SCHEMAS_BASE_LOG_H
#define SCHEMAS_BASE_LOG_H

#include "schemas/base/uuid.h"

enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG };

/* Lines above this level are dropped. program must outlive the process's logging. */
void log_configure(const char *program, enum log_level level);

/* log_line(LOG_INFO, "accepted", "operation=%s tenant=%s", ...). The event is one word; the format
 * makes key=value pairs. Values that came from outside go through log_value first. */
void log_line(enum log_level level, const char *event, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Lines of one thread that wait to be written together. */
struct log_buffer {
    size_t used_bytes;
    size_t sealed_bytes; /* of these, what log_flush_sealed writes */
    char bytes[32768];
};

/* From now on this thread's lines below warning wait in the buffer until log_flush, a graver line
 * or a full buffer writes them, in order. Borrowed; NULL flushes and ends it. */
void log_collect(struct log_buffer *buffer);

/* Writes what this thread has collected; nothing when it does not collect. */
void log_flush(void);

/* What this thread has collected until now is what log_flush_sealed writes: for lines about what
 * will be true a little later than the lines that follow them are made. */
void log_seal(void);
void log_flush_sealed(void);

/* Makes a text safe for a line: quotes it when needed, writes anything but printable ASCII as \xNN,
 * cuts it to the buffer. Returns the buffer. */
char *log_value(struct text t, char *buffer, size_t buffer_bytes);

#endif
