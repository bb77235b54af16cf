#!/bin/sh
# Run Caddy with computed variables for the Caddyfile: caddy.sh run
set -eu
# Overhead of a multipart form, with a margin.
export MAX_BODY=$((${FILE_MAX_BYTES:-10485760} + 1048576))
# Before 2.11, a retried request could be sent with the body of another request.
case "$(caddy version)" in
  2.[0-9].* | v2.[0-9].* | 2.10.* | v2.10.*)
    echo "Caddy 2.11 or newer is required: docker compose pull proxy" >&2
    exit 1
    ;;
esac
# % if cookiecutter.use_celery
# Without a password, Flower is not reachable.
export FLOWER=closed
[ -z "$FLOWER_PASSWORD_HASH" ] || FLOWER=open
# % endif
exec caddy "$1" --config /etc/caddy/Caddyfile
