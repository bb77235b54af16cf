#!/bin/sh
# Reads the configuration again; requests go to the containers with the name $1: reload.sh web
WEB=$1 exec sh /etc/caddy/caddy.sh reload
