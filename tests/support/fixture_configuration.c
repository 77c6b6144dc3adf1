// SPDX-License-Identifier: MIT
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "schemas/base/errors.h"
#include "tests/support/fixture.h"
#include "tests/support/temporary.h"
#include "tests/support/token_mint.h"

/* Short times, so that what is lost is noticed soon; a lease is still ten heartbeats long. */
static const char daemon_text[] =
    "security: none\n"
    "sockets:\n"
    "  requests: '%s'\n"
    "  jobs: '%s'\n"
    "  reports: '%s'\n"
    "  status: '%s'\n"
    "store:\n"
    "  directory: '%s/store'\n"
    "  minimum_free_bytes: 0\n"
    "tokens:\n"
    "  key_set: '%s/keys/keys.json'\n"
    "  issuers: ['" MINT_ISSUER_PATTERN "']\n"
    "  audiences: ['" MINT_AUDIENCE "']\n"
    "  clock_skew_seconds: 5\n"
    "registry:\n"
    "  database: '%s/registry.db'\n"
    "  profile_statement: >-\n"
    "    SELECT user_id, user_principal_name, display_name, home_tenant_id FROM profiles\n"
    "    WHERE tenant_id = :tenant_id AND user_id = :user_id\n"
    "  list_statement: >-\n"
    "    SELECT user_id, user_principal_name, display_name, home_tenant_id FROM profiles\n"
    "    WHERE tenant_id = :tenant_id AND user_id > :after ORDER BY user_id LIMIT :limit\n"
    "operations:\n"
    "  base_url: 'https://export.example.org/v1.0/operations'\n"
    "limits:\n"
    "  exports_per_day: 0\n"
    "  exports_per_day_of_subject: 0\n"
    "  requests_per_hour: 0\n"
    "dispatch:\n"
    "  offer_timeout_ms: 1000\n"
    "  lease_ms: 2000\n"
    "  retry_base_ms: 50\n"
    "  retry_ceiling_ms: 500\n";

static const char worker_text[] =
    "security: none\n"
    "worker:\n"
    "  name: 'worker-%u'\n"
    "  slots: %u\n"
    "  heartbeat_interval_ms: 200\n"
    "  repeat_interval_ms: 200\n"
    "exportd:\n"
    "  jobs: '%s'\n"
    "  reports: '%s'\n"
    "  status: '%s'\n"
    "registry:\n"
    "  database: '%s/registry.db'\n"
    "  profile_statement: >-\n"
    "    SELECT user_id, user_principal_name, display_name, home_tenant_id FROM profiles\n"
    "    WHERE tenant_id = :tenant_id AND user_id = :user_id\n"
    "bundles:\n"
    "  directory: '%s/bundles'\n"
    "  base_url: 'file://%s/bundles'\n"
    "sources:\n"
    "%s";

static const char sources_text[] =
    "  - name: mailbox\n"
    "    kind: sqlite\n"
    "    database: '%s/mailbox.db'\n"
    "    statement: >-\n"
    "      SELECT id, sent_at, subject, body, size_bytes, importance FROM messages\n"
    "      WHERE tenant_id = :tenant_id AND owner = :user_principal_name ORDER BY id\n"
    "  - name: sign-ins\n"
    "    kind: sqlite\n"
    "    format: csv\n"
    "    database: '%s/sign-ins.db'\n"
    "    statement: >-\n"
    "      SELECT id, address, application, attempts FROM sign_ins\n"
    "      WHERE tenant_id = :tenant_id AND user_id = :user_id ORDER BY id\n"
    "  - name: files\n"
    "    kind: files\n"
    "    root: '%s/files'\n"
    "    pattern: '{tenant_id}/{user_id}'\n";

/* Formats into memory and writes DIRECTORY/NAME. */
__attribute__((format(printf, 3, 4))) static int write_text(const char *directory, const char *name,
                                                            const char *format, ...)
{
    char *text = NULL;
    va_list arguments;
    va_start(arguments, format);
    int length = vasprintf(&text, format, arguments);
    va_end(arguments);
    if (length < 0) {
        return -ERROR_MEMORY;
    }
    int rc = temporary_write(directory, name, text, (size_t)length);
    free(text);
    return rc;
}

static int write_worker(const struct fixture *fixture, unsigned number, const char *sources)
{
    char name[32];
    const char *directory = fixture->directory;
    snprintf(name, sizeof(name), "worker-%u.yaml", number);
    return write_text(directory, name, worker_text, number, fixture->options.slots, fixture->jobs,
                      fixture->reports, fixture->status, directory, directory, directory, sources);
}

int fixture_configure(const struct fixture *fixture)
{
    const char *directory = fixture->directory;
    int rc = write_text(directory, "exportd.yaml", daemon_text, fixture->requests, fixture->jobs,
                        fixture->reports, fixture->status, directory, directory, directory);
    char *sources = NULL;
    if (!rc && asprintf(&sources, sources_text, directory, directory, directory) < 0) {
        return -ERROR_MEMORY;
    }
    const char *chosen = fixture->options.sources ? fixture->options.sources : sources;
    for (unsigned i = 0; i < fixture->options.worker_count && !rc; i++) {
        rc = write_worker(fixture, i, chosen);
    }
    free(sources);
    return rc;
}
