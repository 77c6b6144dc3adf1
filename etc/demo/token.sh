#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# token.sh DIRECTORY TENANT_ID: plays the issuer of the demo. Makes DIRECTORY/issuer.pem (a key pair), jwks.json (its key
# set) and token (a delegated access token for the tenant, good for an hour), readable by their owner only.
set -euo pipefail
umask 077

directory=$1
tenant_id=$2
key=$directory/issuer.pem

base64url() {
    base64 -w0 | tr '+/' '-_' | tr -d '='
}

bytes_of_hex() {
    printf '%b' "$(sed 's/../\\x&/g')"
}

openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$key" 2>/dev/null

modulus=$(openssl rsa -in "$key" -noout -modulus | cut -d= -f2 | bytes_of_hex | base64url)
printf '{"keys":[{"kty":"RSA","use":"sig","alg":"RS256","kid":"demo","n":"%s","e":"AQAB"}]}\n' "$modulus" \
    >"$directory/jwks.json"

now=$(date +%s)
header='{"alg":"RS256","typ":"JWT","kid":"demo"}'
claims=$(printf '{"iss":"https://login.example.org/%s/v2.0","aud":"api://exportd","tid":"%s","oid":"%s","sub":"demo","azp":"%s","scp":"%s","ver":"2.0","iat":%d,"nbf":%d,"exp":%d}' \
    "$tenant_id" "$tenant_id" 3f0e2c81-7a55-4d0b-9c1e-0000000000d0 9b1c7e44-2d6f-4a83-b5a0-0000000000a1 \
    CrossTenantUserProfileSharing.Read.All "$now" "$now" $((now + 3600)))
signed=$(printf %s "$header" | base64url).$(printf %s "$claims" | base64url)
signature=$(printf %s "$signed" | openssl dgst -sha256 -sign "$key" -binary | base64url)
printf '%s.%s\n' "$signed" "$signature" >"$directory/token"
