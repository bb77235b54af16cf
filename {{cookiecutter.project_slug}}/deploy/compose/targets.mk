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

# Both read the image from the engine that has built it. https://oss.anchore.com/docs/
INSPECT = docker run --rm --volume /var/run/docker.sock:/var/run/docker.sock

.PHONY: image-scan
image-scan: image  ## Look for known vulnerabilities in the image, of those that a new version mends
	$(INSPECT) anchore/grype:v0.119.0 "docker:$(IMAGE):$(TAG)" --only-fixed --fail-on high

.PHONY: image-sbom
image-sbom: image  ## Write the bill of materials of the image to image-sbom.json (CycloneDX)
	$(INSPECT) anchore/syft:v1.50.0 scan --quiet "docker:$(IMAGE):$(TAG)" --output cyclonedx-json > image-sbom.json

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
