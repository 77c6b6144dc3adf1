// SPDX-License-Identifier: MIT
/* Somebody in each tenant whose operations need approval, who approves most of them and denies the
 * rest, for as long as any wait. One thread. */
#ifndef TESTS_SIMULATION_APPROVER_H
#define TESTS_SIMULATION_APPROVER_H

void approvers_reset(void);
void approvers_release(void);
void approvers_start(void);

#endif
