// SPDX-License-Identifier: MIT
/* Comparing what is said with the log; for the checks of replies and status frames. */
#ifndef TESTS_SIMULATION_CHECKS_SAID_H
#define TESTS_SIMULATION_CHECKS_SAID_H

#include "tests/simulation/checks.h"

/* Whether an operation or event is one of the log's, of this tenant (NULL: of any). */
bool said_operation_fits(const msgpack_object *object, const struct uuid *tenant_id);
bool said_event_fits(const msgpack_object *object, const struct uuid *tenant_id);

/* An offered operation is queued in the log. */
enum operation_stage said_stage(enum operation_stage stage);

#endif
