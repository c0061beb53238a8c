#!/bin/sh
# The same in plain curl: connects a bank through the local Plaid, then lists the accounts.
#   FISCILITY_API_KEY=fsk_… ./service.sh
# --retry waits as long as Retry-After says; --fail-with-body ends with the reason for all to read.
set -eu
: "${FISCILITY_URL:=http://localhost:3000}" "${FISCILITY_API_KEY:?a key: fsk_…}"
: "${PLAID_URL:=http://localhost:3001}"
: "${PLAID_CLIENT_ID:=local-client-id}" "${PLAID_SECRET:=local-plaid-key}"

ask() {
  path=$1
  shift
  curl --silent --show-error --fail-with-body --retry 3 --max-time 60 \
    -H "Authorization: Bearer $FISCILITY_API_KEY" -H "Content-Type: application/json" \
    "$FISCILITY_URL/api/v1$path" "$@"
}

public_token=$(curl --silent --fail-with-body -H "Content-Type: application/json" \
  "$PLAID_URL/sandbox/public_token/create" -d "{
    \"client_id\": \"$PLAID_CLIENT_ID\", \"secret\": \"$PLAID_SECRET\",
    \"institution_id\": \"ins_109509\", \"initial_products\": [\"transactions\"],
    \"options\": { \"webhook\": \"$FISCILITY_URL/plaid/webhook\" }
  }" | sed -n 's/.*"public_token": *"\([^"]*\)".*/\1/p')

ask /connections -d "{\"public_token\": \"$public_token\"}"
echo
ask /accounts
echo
