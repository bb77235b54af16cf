# The commands that need a container engine; the Makefile includes them. docs/compose.md explains them.

export COMPOSE_PROJECT_NAME ?= {{ cookiecutter.project_slug }}
IMAGE ?= {{ cookiecutter.project_slug }}
TAG ?= latest
DOCKER_BUILD_FLAGS ?=
BUILD = docker build --file deploy/docker/Dockerfile $(DOCKER_BUILD_FLAGS)
COMPOSE = IMAGE="$(IMAGE)" TAG="$(TAG)" docker compose $(if $(wildcard .env),--env-file .env)
DEVELOPMENT = HOST_USER="$(shell id -u):$(shell id -g)" $(COMPOSE) \
	--project-name "$(COMPOSE_PROJECT_NAME)_development" --file deploy/compose/development.yml $(PROFILE:%=--profile %)
# % filter replace("caddy", cookiecutter.reverse_proxy)
PROXY := caddy
# % endfilter
STACK = $(COMPOSE) --file deploy/compose/production.yml --file deploy/compose/$(PROXY).yml
FILE ?= backups/$(shell date -u +%Y-%m-%dT%H-%M-%SZ).tar$(if $(BACKUP_KEY_FILE),.gpg)
export BACKUP_KEY_FILE

.PHONY: up
up: uv.lock  ## Serve the code of this folder in containers at http://127.0.0.1:8000/, with reload (PORT=, PROFILE=mail)
	$(BUILD) --tag "$(IMAGE):development" --build-arg GROUP=development .
	$(DEVELOPMENT) up --detach --wait --remove-orphans

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
up-production: image  ## Build the image, and start the production stack or mend it
	@$(STACK) up --detach --wait --remove-orphans || { \
		log=$$($(STACK) logs --tail 20 db migrate redis); echo "$$log"; case "$$log" in *"password authentication failed"*) \
		echo "The volume of the database was made with another POSTGRES_PASSWORD: see docs/compose.md, How it fails.";; \
		*REDIS_PASSWORD*) echo "REDIS_PASSWORD, or REDIS_PASSWORD_FILE, has no value in .env.";; \
		*POSTGRES_PASSWORD*|*"no password supplied"*) echo "POSTGRES_PASSWORD, or POSTGRES_PASSWORD_FILE, has no value in .env.";; esac; \
		exit 1; } >&2

.PHONY: roll-out
roll-out: image  ## Build the image, and replace what runs by it without a request that fails
	@deploy/compose/roll-out.sh $(PROXY) env $(STACK)

.PHONY: backup
backup:  ## Write the database and the uploads of the production stack to FILE= (BACKUP_KEY_FILE= encrypts it)
	@deploy/compose/backup.sh "$(FILE)" env $(STACK)

.PHONY: restore
restore: image  ## Put the backup FILE= into an empty production stack, and start it
	@deploy/compose/restore.sh "$(FILE)" env $(STACK)
	@$(MAKE) up-production

.PHONY: down
down:  ## Stop both stacks; the data stays
	docker compose --project-name "$(COMPOSE_PROJECT_NAME)_development" down
	docker compose --project-name "$(COMPOSE_PROJECT_NAME)" down

# Made by the first set-up; on a server it comes with the code.
uv.lock:
	$(MAKE) $(READY)
