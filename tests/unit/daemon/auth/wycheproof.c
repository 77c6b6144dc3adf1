// SPDX-License-Identifier: MIT
#include "tests/unit/daemon/auth/wycheproof.h"

#include <stdio.h>
#include <stdlib.h>

json_t *wycheproof_load(const char *name)
{
    const char *directory = getenv("EXPORTD_WYCHEPROOF");
    char path[4096];

    (void)snprintf(path, sizeof(path), "%s/%s", directory ? directory : "../shared/data/wycheproof",
                   name);
    return json_load_file(path, 0, NULL);
}

bool wycheproof_has(const char *name)
{
    json_t *probe = wycheproof_load(name);
    bool has = probe != NULL;

    if (!has)
        (void)printf("skipped: no %s of Wycheproof; set EXPORTD_WYCHEPROOF to its directory\n",
                     name);
    json_decref(probe);
    return has;
}
