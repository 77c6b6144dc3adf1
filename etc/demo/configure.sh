#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# configure.sh RUN ORGANISATION SOCKETS: writes RUN/exportd.yaml and RUN/worker-1.yaml, RUN/worker-2.yaml, with the data in
# the folder ORGANISATION and the sockets in the folder SOCKETS.
set -euo pipefail

run=$1
organisation=$2
sockets=$3

# A path as a YAML scalar: in double quotes, with what they treat specially escaped.
quoted() {
    local path=${1//\\/\\\\}
    printf '"%s"' "${path//\"/\\\"}"
}

profile_statement='SELECT user_id, user_principal_name, display_name, home_tenant_id
      FROM inbound_shared_user_profiles
     WHERE tenant_id = :tenant_id AND user_id = :user_id'

cat >"$run/exportd.yaml" <<CONFIGURATION
security: none
sockets:
  requests: ipc://$sockets/requests
  jobs: ipc://$sockets/jobs
  reports: ipc://$sockets/reports
  status: ipc://$sockets/status
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

for number in 1 2; do
    cat >"$run/worker-$number.yaml" <<CONFIGURATION
worker:
  name: worker-$number
  slots: 2
exportd:
  jobs: ipc://$sockets/jobs
  reports: ipc://$sockets/reports
  status: ipc://$sockets/status
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
done
