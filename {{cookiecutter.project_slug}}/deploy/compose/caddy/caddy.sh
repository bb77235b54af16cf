#!/bin/sh
# Reckons what the configuration cannot, and gives it to Caddy: caddy.sh run
set -eu
# What stands around a file in a form, and room to spare.
export MAX_BODY=$((${FILE_MAX_BYTES:-10485760} + 1048576))
# % if cookiecutter.use_celery
# Without a password there is no way in.
export FLOWER=closed
[ -z "$FLOWER_PASSWORD_HASH" ] || FLOWER=open
# % endif
exec caddy "$1" --config /etc/caddy/Caddyfile
