#!/bin/sh
# Reload the configuration, with the containers of network alias $1 as upstream: reload.sh web
WEB=$1 exec sh /etc/caddy/caddy.sh reload
