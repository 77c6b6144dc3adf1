#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# configure.sh RUN ORGANISATION: makes CURVE keys in RUN/keys and writes RUN/exportd.yaml, with the data in the folder
# ORGANISATION and on free ports. configure.sh RUN ORGANISATION JOBS REPORTS STATUS: writes RUN/worker-1.yaml and
# RUN/worker-2.yaml for an exportd that listens there.
set -euo pipefail

run=$1
organisation=$2

# A path as a YAML scalar: in double quotes, with what they treat specially escaped.
quoted() {
    local path=${1//\\/\\\\}
    printf '"%s"' "${path//\"/\\\"}"
}

profile_statement='SELECT user_id, user_principal_name, display_name, home_tenant_id
      FROM inbound_shared_user_profiles
     WHERE tenant_id = :tenant_id AND user_id = :user_id'

# A key for each, and the public halves of those who may connect where exportd looks for them.
make_keys() {
    install -d -m 700 "$run/keys"
    install -d -m 755 "$run/identities"
    "$EXPORTCTL" keygen "$run/keys/exportd"
    "$EXPORTCTL" keygen "$run/keys/backend" --roles client,subscriber,operator
    "$EXPORTCTL" keygen "$run/keys/worker-1" --roles worker
    "$EXPORTCTL" keygen "$run/keys/worker-2" --roles worker
    cp "$run"/keys/backend.key "$run"/keys/worker-[12].key "$run/identities"
}

write_exportd() {
    cat >"$run/exportd.yaml" <<CONFIGURATION
curve:
  certificate: $(quoted "$run/keys/exportd.key_secret")
  identities: $(quoted "$run/identities")
sockets:
  requests: tcp://127.0.0.1:*
  jobs: tcp://127.0.0.1:*
  reports: tcp://127.0.0.1:*
  status: tcp://127.0.0.1:*
store:
  directory: $(quoted "$run/store")
tokens:
  key_set: $(quoted "$run/jwks.json")
  issuers: ["https://login.example.org/{tid}/v2.0"]
  audiences: ["api://exportd"]
permissions:
  operators: # the caller of the demo, so that pausing can be tried too
    - tenant_id: 6d1e2f30-5a4b-4c3d-8e9f-000000000001
      object_id: 3f0e2c81-7a55-4d0b-9c1e-0000000000d0
registry:
  database: $(quoted "$organisation/organisation.db")
  profile_statement: |
    $profile_statement
  list_statement: |
    SELECT user_id, user_principal_name, display_name, home_tenant_id
      FROM inbound_shared_user_profiles
     WHERE tenant_id = :tenant_id AND user_id > :after
     ORDER BY user_id
     LIMIT :limit
operations:
  base_url: https://exportd.example.org/v1.0/dataPolicyOperations
CONFIGURATION
}

# write_worker NUMBER JOBS REPORTS STATUS
write_worker() {
    cat >"$run/worker-$1.yaml" <<CONFIGURATION
curve:
  certificate: $(quoted "$run/keys/worker-$1.key_secret")
worker:
  name: worker-$1
  slots: 2
exportd:
  jobs: $2
  reports: $3
  status: $4
  server_certificate: $(quoted "$run/keys/exportd.key")
registry:
  database: $(quoted "$organisation/organisation.db")
  profile_statement: |
    $profile_statement
bundles:
  directory: $(quoted "$run/bundles")
  base_url: https://bundles.example.org/exports
sources:
  - name: mailbox
    kind: sqlite
    database: $(quoted "$organisation/organisation.db")
    statement: |
      SELECT message_id, sent, sender, recipient, subject, body, attachment
        FROM messages
       WHERE tenant_id = :tenant_id AND mailbox = :user_principal_name
       ORDER BY message_id
  - name: calendar
    kind: sqlite
    database: $(quoted "$organisation/organisation.db")
    statement: |
      SELECT begins, title
        FROM appointments
       WHERE tenant_id = :tenant_id AND user_id = :user_id
       ORDER BY begins
  - name: sign-ins
    kind: sqlite
    database: $(quoted "$organisation/signins.db")
    format: csv
    statement: |
      SELECT at, application, address, was_successful, latency_seconds
        FROM sign_ins
       WHERE tenant_id = :tenant_id AND user_id = :user_id
       ORDER BY at
  - name: files
    kind: files
    root: $(quoted "$organisation/files")
    pattern: "{tenant_id}/{user_id}"
CONFIGURATION
}

if [ $# = 2 ]; then
    make_keys
    write_exportd
else
    shift 2
    write_worker 1 "$@"
    write_worker 2 "$@"
fi
