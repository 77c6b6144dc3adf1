// SPDX-License-Identifier: MIT
/* Memory for libraries that answer to a lack of it as to bad input: Jansson calls a good document
 * none, or leaves out letters of it and goes on; libcrypto calls a good signature wrong. They are
 * given these functions, and it is seen where they ask. Each thread sees its own. */
#ifndef SCHEMAS_BASE_MEMORY_WATCH_H
#define SCHEMAS_BASE_MEMORY_WATCH_H

#include <stdbool.h>
#include <stddef.h>

/* As malloc and realloc; what they give is freed by free. */
void *memory_watch_allocate(size_t size_bytes);
void *memory_watch_reallocate(void *memory, size_t size_bytes);

/* Forgets what this thread has seen. */
void memory_watch_begin(void);

/* Whether an allocation has failed since. What a library refused after that is not refused for
 * sure. */
bool memory_watch_has_run_out(void);

#endif
