#!/bin/bash
# Runs once, inside the PostgreSQL container, when its data folder is new: four databases, three roles each.
set -euo pipefail
for service in registry caseload graduation referral; do
    upper=${service^^}
    for role in OWNER API WORKER; do
        name="${upper}_${role}_PASSWORD"
        : "${!name:?$name is not set}"
        export "PILAR_${role}_PASSWORD=${!name}"
    done
    psql --no-psqlrc --username "$POSTGRES_USER" --dbname postgres -v service="$service" -f /pilar/service.sql
done
