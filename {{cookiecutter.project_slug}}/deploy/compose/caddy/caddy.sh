#!/bin/sh
# Reckons what the configuration cannot, and gives it to Caddy: caddy.sh run
set -eu
# What stands around a file in a form, and room to spare.
export MAX_BODY=$((${FILE_MAX_BYTES:-10485760} + 1048576))
# Before 2.11, a request that was retried could be sent with the body of another request.
case "$(caddy version)" in
  2.[0-9].* | v2.[0-9].* | 2.10.* | v2.10.*)
    echo "Caddy 2.11 or newer is required: docker compose pull proxy" >&2
    exit 1
    ;;
esac
# % if cookiecutter.use_celery
# Without a password there is no way in.
export FLOWER=closed
[ -z "$FLOWER_PASSWORD_HASH" ] || FLOWER=open
# % endif
exec caddy "$1" --config /etc/caddy/Caddyfile
