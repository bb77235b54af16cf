#!/bin/sh
# Reckons what the configuration cannot, and gives it to Caddy: caddy.sh run
set -eu
# What stands around a file in a form, and room to spare.
export MAX_BODY=$((${FILE_MAX_BYTES:-10485760} + 1048576))
export BUFFERS=buffers
case "$(caddy version)" in 2.[0-5].* | v2.[0-5].* | 2.6.[0-2] | v2.6.[0-2]*) BUFFERS=buffers_before_2_6_3 ;; esac
# % if cookiecutter.use_celery
# Without a password there is no way in.
export FLOWER=closed
[ -z "$FLOWER_PASSWORD_HASH" ] || FLOWER=open
# % endif
exec caddy "$1" --config /etc/caddy/Caddyfile
