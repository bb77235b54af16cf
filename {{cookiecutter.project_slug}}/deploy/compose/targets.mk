# Commands for containers, included by the Makefile. See docs/compose.md.

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
up: uv.lock  ## Start the development stack at http://127.0.0.1:8000/, with reload (PORT=, PROFILE=mail)
	$(BUILD) --tag "$(IMAGE):development" --build-arg GROUP=development .
	$(DEVELOPMENT) up --detach --wait --remove-orphans

.PHONY: image
image: uv.lock  ## Build the image (IMAGE=, TAG=, DOCKER_BUILD_FLAGS=)
	$(BUILD) --tag "$(IMAGE):$(TAG)" \
		--label "org.opencontainers.image.revision=$(shell git rev-parse HEAD 2>/dev/null)" .

# Both tools read the image from the local Docker engine. https://oss.anchore.com/docs/
INSPECT = docker run --rm --volume /var/run/docker.sock:/var/run/docker.sock

.PHONY: image-scan
image-scan: image  ## Scan the image for known vulnerabilities with a fix
	$(INSPECT) anchore/grype:v0.119.0 "docker:$(IMAGE):$(TAG)" --only-fixed --fail-on high

.PHONY: image-sbom
image-sbom: image  ## Write the SBOM of the image to image-sbom.json (CycloneDX)
	$(INSPECT) anchore/syft:v1.50.0 scan --quiet "docker:$(IMAGE):$(TAG)" --output cyclonedx-json > image-sbom.json

.PHONY: up-production
up-production: image  ## Build the image, and start or repair the production stack
	@$(STACK) up --detach --wait --remove-orphans || { \
		log=$$($(STACK) logs --tail 20 db migrate redis); echo "$$log"; case "$$log" in *"password authentication failed"*) \
		echo "The volume of the database was made with another POSTGRES_PASSWORD: see docs/compose.md, Troubleshooting.";; \
		*REDIS_PASSWORD*) echo "REDIS_PASSWORD, or REDIS_PASSWORD_FILE, has no value in .env.";; \
		*POSTGRES_PASSWORD*|*"no password supplied"*) echo "POSTGRES_PASSWORD, or POSTGRES_PASSWORD_FILE, has no value in .env.";; esac; \
		exit 1; } >&2

.PHONY: roll-out
roll-out: image  ## Build the image, and deploy it without downtime
	@deploy/compose/roll-out.sh $(PROXY) env $(STACK)

.PHONY: backup
backup:  ## Back up database and uploads of the production stack to FILE= (encrypted with BACKUP_KEY_FILE=)
	@deploy/compose/backup.sh "$(FILE)" env $(STACK)

.PHONY: restore
restore: image  ## Restore the backup FILE= into an empty production stack, and start it
	@deploy/compose/restore.sh "$(FILE)" env $(STACK)
	@$(MAKE) up-production

.PHONY: down
down:  ## Stop both stacks; data is kept
	docker compose --project-name "$(COMPOSE_PROJECT_NAME)_development" down
	docker compose --project-name "$(COMPOSE_PROJECT_NAME)" down

# Created by the first setup, then committed.
uv.lock:
	$(MAKE) $(READY)
