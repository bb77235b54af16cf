#!/usr/bin/env bash
# Deploy the current image without downtime: roll-out.sh PROXY docker compose …
# `old` and `new` are lists of container ids: bash 3.2 of macOS has no mapfile and fails on empty arrays.
# shellcheck disable=SC2086
set -euo pipefail
proxy=$1
compose=("${@:2}")
front=${COMPOSE_PROJECT_NAME}_front
release=web-$(date +%s)

containers() { "${compose[@]}" ps --all --quiet web; }
is() { [ -n "$(docker ps --quiet --filter "id=$2" --filter "health=$1")" ]; }
give_up() {
  echo "$1; the old release serves." >&2
  exit 1
}

old=$(containers)
[ -n "$old" ] || give_up "Nothing runs: make up-production"
replicas=$("${compose[@]}" config web | sed -n 's/^    scale: //p')
replicas=${replicas:-1}

# The old release still serves requests: migrations must be backward compatible, see
# docs/zero-downtime-migrations.md.
"${compose[@]}" up --detach migrate
if [ "$(docker wait "$("${compose[@]}" ps --all --quiet migrate)")" != 0 ]; then
  "${compose[@]}" logs --no-log-prefix --tail 20 migrate >&2
  give_up "The migrations failed"
fi

# Start the new containers next to the old ones, disconnected from the proxy's network until they are healthy.
count=$(printf '%s\n' "$old" | wc -l)
"${compose[@]}" create --no-recreate --scale "web=$((count + replicas))" web
new=$(containers | grep -vF "$old") || give_up "No new container was created"
for container in $new; do docker network disconnect "$front" "$container"; done
docker start $new >/dev/null
for container in $new; do
  while is starting "$container"; do sleep 1; done
  if ! is healthy "$container"; then
    docker logs --tail 20 "$container" >&2
    docker rm --force $new >/dev/null
    give_up "The new release does not get healthy and was taken away"
  fi
done

# Switch the proxy to the alias of the new containers; the old ones finish their requests.
for container in $new; do docker network connect --alias web --alias "$release" "$front" "$container"; done
"${compose[@]}" exec -T proxy sh "/etc/$proxy/reload.sh" "$release"
sleep 2 # nginx starts its new processes asynchronously
docker stop $old >/dev/null
docker rm $old >/dev/null

"${compose[@]}" up --detach --wait --remove-orphans
"${compose[@]}" exec -T proxy sh "/etc/$proxy/reload.sh" web
