// SPDX-License-Identifier: MIT
/* Whether libcrypto ran out of memory. What it answers then is what it answers to a wrong signature
 * or a bad key, and its queue of errors needs memory itself: so it is seen where it asks for some.
 * Each thread sees its own. */
#ifndef DAEMON_AUTH_CRYPTO_MEMORY_H
#define DAEMON_AUTH_CRYPTO_MEMORY_H

#include <stdbool.h>

/* Called once, before anything uses libcrypto; until then nothing is seen. False when libcrypto has
 * taken memory already. */
bool crypto_memory_install(void);

/* Forgets what this thread has seen. */
void crypto_memory_watch(void);

/* Whether an allocation of libcrypto has failed since. What it refused after that is not refused
 * for sure; what it accepted is accepted all the same. */
bool crypto_memory_has_run_out(void);

#endif
