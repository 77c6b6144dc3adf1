// SPDX-License-Identifier: MIT
/* For the interposed calls only: the definition behind this one. */
#ifndef TESTS_FAULTS_FAULT_REAL_H
#define TESTS_FAULTS_FAULT_REAL_H

#include <dlfcn.h>

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

#endif
