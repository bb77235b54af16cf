# Commands for Kubernetes, included by the Makefile. See docs/kubernetes.md.

OVERLAY ?= staging
OVERLAY_FOLDER = deploy/kubernetes/overlays/$(OVERLAY)
NAMESPACE = $(shell sed -n 's/^namespace: "\(.*\)"$$/\1/p' $(OVERLAY_FOLDER)/kustomization.yaml)
ROLLOUT_TIMEOUT ?= 15m

.PHONY: up-kubernetes
up-kubernetes:  ## Migrate and deploy to a cluster (OVERLAY=staging or production)
	kubectl --namespace $(NAMESPACE) delete job migrate --ignore-not-found
	kubectl apply --kustomize $(OVERLAY_FOLDER)
	kubectl --namespace $(NAMESPACE) wait job/migrate --for=condition=complete --timeout=$(ROLLOUT_TIMEOUT)
	kubectl --namespace $(NAMESPACE) rollout status deployment --timeout=$(ROLLOUT_TIMEOUT)
