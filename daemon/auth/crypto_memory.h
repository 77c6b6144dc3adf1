// SPDX-License-Identifier: MIT
/* Has libcrypto take its memory where memory_watch.h sees it. What libcrypto answers without memory
 * is what it answers to a wrong signature or a bad key, and its queue of errors needs memory
 * itself.
 */
#ifndef DAEMON_AUTH_CRYPTO_MEMORY_H
#define DAEMON_AUTH_CRYPTO_MEMORY_H

#include <stdbool.h>

/* Called once, before anything uses libcrypto; until then nothing is seen. False when libcrypto has
 * taken memory already. */
bool crypto_memory_install(void);

#endif
