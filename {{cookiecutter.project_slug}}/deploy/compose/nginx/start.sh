#!/bin/sh
# Write the configuration files that depend on the environment, and start nginx.
set -eu
# Overhead of a multipart form, with a margin.
echo "client_max_body_size $((${FILE_MAX_BYTES:-10485760} + 1048576));" >/tmp/body.conf
echo "server_name $DOMAIN;" >/tmp/domain.conf
# % if cookiecutter.use_celery
# Without a password, Flower is not reachable.
[ -z "$FLOWER_PASSWORD_HASH" ] || echo "flower:$FLOWER_PASSWORD_HASH" >/tmp/flower
# % endif
exec nginx -g "daemon off;"
