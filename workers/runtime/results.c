// SPDX-License-Identifier: MIT
#include "workers/runtime/results.h"

#include <stdlib.h>
#include <string.h>

#include "schemas/base/errors.h"

static void release(struct result *result)
{
    free(result->report);
    *result = (struct result){0};
}

void results_release(struct results *results)
{
    for (size_t i = 0; i < results->count; i++)
        release(&results->items[i]);
    results->count = 0;
}

bool results_are_full(const struct results *results)
{
    return results->count == RESULTS_MAXIMUM;
}

int results_add(struct results *results, int64_t fence, const void *report, size_t report_bytes,
                const struct bundle_identity *bundle, struct mono now)
{
    struct result result = {.fence = fence, .report_bytes = report_bytes, .repeat = now};

    if (results_are_full(results))
        return -ERROR_TOO_MANY;
    result.report = malloc(report_bytes ? report_bytes : 1);
    if (!result.report)
        return -ERROR_MEMORY;
    memcpy(result.report, report, report_bytes);
    result.has_bundle = bundle != NULL;
    if (bundle)
        result.bundle = *bundle;
    results->items[results->count++] = result;
    return 0;
}

struct result *results_find(struct results *results, int64_t fence)
{
    for (size_t i = 0; i < results->count; i++) {
        if (results->items[i].fence == fence)
            return &results->items[i];
    }
    return NULL;
}

void results_remove(struct results *results, struct result *result)
{
    release(result);
    *result = results->items[--results->count];
}

void results_add_ended(struct results *results, int64_t fence)
{
    results->ended[results->ended_count++ % RESULTS_REMEMBER] = fence;
}

bool results_have_ended(const struct results *results, int64_t fence)
{
    size_t count =
        results->ended_count < RESULTS_REMEMBER ? results->ended_count : RESULTS_REMEMBER;

    for (size_t i = 0; i < count; i++) {
        if (results->ended[i] == fence)
            return true;
    }
    return false;
}
