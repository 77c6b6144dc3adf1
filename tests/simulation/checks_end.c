// SPDX-License-Identifier: MIT
/* What is left when everything has ended. */
#include "tests/simulation/bundles.h"
#include "tests/simulation/checks.h"
#include "tests/simulation/disk.h"

static bool is_named(const struct bundle_identity *identity)
{
    const struct model_operation *operation = model_operation(&identity->operation);

    return operation && operation->newest.stage == OPERATION_STAGE_DONE &&
           operation->completed_fence == identity->fence;
}

static bool bundles_are_there(const struct evidence *evidence)
{
    const struct model_operation *operation;

    (void)evidence;
    for (size_t i = 0; (operation = model_number(i)); i++) {
        const struct bundle_identity bundle = {operation->newest.tenant_id,
                                               operation->newest.operation_id,
                                               operation->completed_fence};
        if (operation->newest.stage == OPERATION_STAGE_DONE && !bundles_have(&bundle)) {
            return checks_detail("fence %llx", (unsigned long long)operation->completed_fence);
        }
    }
    return true;
}

static bool no_other_is_there(const struct evidence *evidence)
{
    const struct bundle_file *file;

    (void)evidence;
    for (size_t i = 0; (file = bundles_file(i)); i++) {
        if (file->is_there && !is_named(&file->identity)) {
            return checks_detail("fence %llx", (unsigned long long)file->identity.fence);
        }
    }
    return true;
}

static bool store_names_nobody(const struct evidence *evidence)
{
    (void)evidence;
    for (size_t i = 0; checks_canaries[i]; i++) {
        if (disk_contains(checks_canaries[i])) {
            return checks_detail("number %zu", i);
        }
    }
    return true;
}

static const struct check rows[] = {
    {2, "every complete operation has its bundle", bundles_are_there},
    {2, "no bundle is left that no operation names", no_other_is_there},
    {7, "no byte of the store is a name, payload or token", store_names_nobody},
};

const struct checks checks_end = {rows, sizeof rows / sizeof rows[0]};
