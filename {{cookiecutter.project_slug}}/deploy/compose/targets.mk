# The commands that need a container engine; the Makefile includes them. docs/compose.md explains them.

export COMPOSE_PROJECT_NAME ?= {{ cookiecutter.project_slug }}
IMAGE ?= {{ cookiecutter.project_slug }}
TAG ?= latest
DOCKER_BUILD_FLAGS ?=
BUILD = docker build --file deploy/docker/Dockerfile $(DOCKER_BUILD_FLAGS)
# % filter replace("caddy.yml", cookiecutter.reverse_proxy ~ ".yml")
PRODUCTION_FILES := --file deploy/compose/production.yml --file deploy/compose/caddy.yml
# % endfilter
PRODUCTION_STACK = IMAGE="$(IMAGE)" TAG="$(TAG)" docker compose $(if $(wildcard .env),--env-file .env) $(PRODUCTION_FILES)

.PHONY: image
image: uv.lock  ## Build the image (IMAGE=, TAG=, DOCKER_BUILD_FLAGS=)
	$(BUILD) --tag "$(IMAGE):$(TAG)" \
		--label "org.opencontainers.image.revision=$(shell git rev-parse HEAD 2>/dev/null)" .

.PHONY: up-production
up-production: image  ## Build the image and start the production stack, or bring it up to date
	@$(PRODUCTION_STACK) up --detach --wait --remove-orphans \
		|| { $(PRODUCTION_STACK) logs --no-log-prefix --tail 20 migrate; exit 1; } >&2

.PHONY: down
down:  ## Stop the containers; the data stays
	docker compose --project-name "$(COMPOSE_PROJECT_NAME)" down

# Made by the first set-up; on a server it comes with the code.
uv.lock:
	$(MAKE) $(READY)
