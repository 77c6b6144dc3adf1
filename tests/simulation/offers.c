// SPDX-License-Identifier: MIT
#include "tests/simulation/offers.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/simulation/model.h"

static int64_t *fences;
static size_t count;
static size_t room;

void offers_reset(void)
{
    count = 0;
}

void offers_release(void)
{
    free(fences);
    fences = NULL;
    count = room = 0;
}

/* The newest first: one that comes twice mostly comes soon. */
bool offers_have(int64_t fence)
{
    for (size_t i = count; i > 0; i--) {
        if (fences[i - 1] == fence) {
            return true;
        }
    }
    return false;
}

void offers_note(const struct job *job)
{
    if (count == room) {
        room = room ? room * 2 : 1024;
        fences = realloc(fences, room * sizeof *fences);
        if (!fences) {
            perror("simulate");
            abort();
        }
    }
    fences[count++] = job->fence;
    model_operation(&job->operation_id)->offered_fence = job->fence;
}
