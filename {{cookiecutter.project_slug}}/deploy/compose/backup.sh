#!/usr/bin/env bash
# Back up the database and the uploads of the running stack to one file: backup.sh FILE docker compose …
# The file is encrypted with the passphrase in BACKUP_KEY_FILE, if set.
set -euo pipefail
umask 077
file=$1
compose=("${@:2}")

mkdir -p "$(dirname "$file")"
# On the same file system as the backup, for space and an atomic move. gpg needs a short path for its sockets.
work=$(mktemp -d "$(dirname "$file")/.backup-XXXXXX")
GNUPGHOME=$(mktemp -d)
export GNUPGHOME
trap 'rm -rf "$work" "$GNUPGHOME"' EXIT

# shellcheck disable=SC2016 # expanded in the container
"${compose[@]}" exec -T db sh -c 'pg_dump --username "$POSTGRES_USER" --format custom "$POSTGRES_DB"' >"$work/database"
"${compose[@]}" run --rm --no-deps -T web tar --create --directory /media . >"$work/media"
tar -cf "$work/backup" -C "$work" database media
if [ -n "${BACKUP_KEY_FILE:-}" ]; then
  gpg --batch --quiet --pinentry-mode loopback --passphrase-file "$BACKUP_KEY_FILE" --symmetric --cipher-algo AES256 \
    --output "$work/encrypted" "$work/backup"
  mv "$work/encrypted" "$work/backup"
fi
# Atomic: the file is complete or does not exist.
mv "$work/backup" "$file"
echo "$file"
