#!/usr/bin/env bash
# Restore a backup into an empty database and an empty volume of uploads: restore.sh FILE docker compose …
# An encrypted backup needs BACKUP_KEY_FILE, the file with the passphrase.
set -euo pipefail
umask 077
file=$1
compose=("${@:2}")

GNUPGHOME=$(mktemp -d)
export GNUPGHOME
work=$(mktemp -d "$(dirname "$file")/.restore-XXXXXX")
trap 'rm -rf "$work" "$GNUPGHOME"' EXIT

if [ -n "${BACKUP_KEY_FILE:-}" ]; then
  gpg --batch --quiet --pinentry-mode loopback --passphrase-file "$BACKUP_KEY_FILE" --decrypt \
    --output "$work/backup" "$file"
  file=$work/backup
fi
tar -xf "$file" -C "$work" database media

"${compose[@]}" up --detach --wait db
database() { "${compose[@]}" exec -T db sh -c "$1 --username \"\$POSTGRES_USER\" --dbname \"\$POSTGRES_DB\" $2"; }
tables=$(database psql "--tuples-only --no-align --command \"SELECT count(*) FROM pg_tables WHERE schemaname = 'public'\"" </dev/null)
uploads=$("${compose[@]}" run --rm --no-deps -T web ls -A /media </dev/null)
if [ "$tables" != 0 ] || [ -n "$uploads" ]; then
  echo "There is data already. To lose it: docker compose down --volumes (see docs/compose.md)" >&2
  exit 1
fi
database pg_restore "--single-transaction --exit-on-error --no-owner --no-privileges" <"$work/database"
"${compose[@]}" run --rm --no-deps -T web tar --extract --directory /media <"$work/media"
