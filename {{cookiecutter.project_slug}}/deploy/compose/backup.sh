#!/usr/bin/env bash
# Writes the database and the uploads of the running stack into one file: backup.sh FILE docker compose …
# It is encrypted if BACKUP_KEY_FILE names a file with a passphrase.
set -euo pipefail
umask 077
file=$1
compose=("${@:2}")

mkdir -p "$(dirname "$file")"
# Beside the file, because of the space it takes; the short name is for the sockets of gpg.
work=$(mktemp -d "$(dirname "$file")/.backup-XXXXXX")
GNUPGHOME=$(mktemp -d)
export GNUPGHOME
trap 'rm -rf "$work" "$GNUPGHOME"' EXIT

# shellcheck disable=SC2016 # the container knows them
"${compose[@]}" exec -T db sh -c 'pg_dump --username "$POSTGRES_USER" --format custom "$POSTGRES_DB"' >"$work/database"
"${compose[@]}" run --rm --no-deps -T web tar --create --directory /media . >"$work/media"
tar -cf "$work/backup" -C "$work" database media
if [ -n "${BACKUP_KEY_FILE:-}" ]; then
  gpg --batch --quiet --pinentry-mode loopback --passphrase-file "$BACKUP_KEY_FILE" --symmetric --cipher-algo AES256 \
    --output "$work/encrypted" "$work/backup"
  mv "$work/encrypted" "$work/backup"
fi
# Complete or not there at all.
mv "$work/backup" "$file"
echo "$file"
