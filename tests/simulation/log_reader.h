// SPDX-License-Identifier: MIT
/* Reads the store beside the product's own queries: over its connection, with statements of the
 * simulator's, and without meeting faults. One thread. */
#ifndef TESTS_SIMULATION_LOG_READER_H
#define TESTS_SIMULATION_LOG_READER_H

#include "daemon/store/store.h"
#include "tests/simulation/model.h"

/* Around the life of a store. */
void log_reader_attach(struct store *store);
void log_reader_detach(void);

/* Everything up to this sequence is durable. */
void log_reader_synchronized(int64_t sequence);

/* Reads durable rows of the log from a sequence on, oldest first, until one is refused. False when
 * a row cannot be read. Each row's hash is computed anew from the hash of the row before it. */
bool log_reader_each(int64_t from, bool (*see)(const struct model_event *event));

/* The same of the view's rows, in no order. */
bool log_reader_view(bool (*see)(const struct model_event *event));

/* Whether a transaction is open. */
bool log_reader_is_in_transaction(void);

/* Operations that the overlay holds. */
size_t log_reader_overlay(void);

#endif
