#!/bin/sh
# Writes down what the configuration includes and cannot read from the environment, and starts nginx.
set -eu
# What stands around a file in a form, and room to spare.
echo "client_max_body_size $((${FILE_MAX_BYTES:-10485760} + 1048576));" >/tmp/body.conf
echo "server_name $DOMAIN;" >/tmp/domain.conf
# % if cookiecutter.use_celery
# Without a password there is no way in.
[ -z "$FLOWER_PASSWORD_HASH" ] || echo "flower:$FLOWER_PASSWORD_HASH" >/tmp/flower
# % endif
exec nginx -g "daemon off;"
