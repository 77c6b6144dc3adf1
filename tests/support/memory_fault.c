// SPDX-License-Identifier: MIT
#include "tests/support/memory_fault.h"

#include <stdlib.h>

#define FIRST_NUMBERS 64
#define SMALL_STEP    7

static int left; /* allocations until the one that fails; 0: none does */
static bool is_lasting;
static bool has_struck;

static void set(int number, bool lasts)
{
    left = number;
    is_lasting = lasts;
    has_struck = false;
}

void memory_fault_at(int number)
{
    set(number, false);
}

void memory_fault_from(int number)
{
    set(number, true);
}

bool memory_fault_struck(void)
{
    return has_struck;
}

bool memory_fault_strikes(void)
{
    if (left == 0 || --left > 0)
        return false;
    if (is_lasting)
        left = 1;
    has_struck = true;
    return true;
}

int memory_fault_next(int number)
{
    const char *percent = getenv("EXPORTD_TEST_PERCENT");
    bool is_small = percent && atoi(percent) < 100;

    return number + (is_small && number >= FIRST_NUMBERS ? SMALL_STEP : 1);
}
