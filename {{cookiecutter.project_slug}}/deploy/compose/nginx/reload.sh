#!/bin/sh
# Reads the configuration again; requests go to the containers with the name $1: reload.sh web
echo "set \$web $1:8000;" >/tmp/web.conf
exec nginx -s reload
