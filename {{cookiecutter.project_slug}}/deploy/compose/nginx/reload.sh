#!/bin/sh
# Reload the configuration, with the containers of network alias $1 as upstream: reload.sh web
echo "set \$web $1:8000;" >/tmp/web.conf
exec nginx -s reload
