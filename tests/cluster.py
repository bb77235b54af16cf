"""Kubernetes objects of an overlay, and queries of their relations."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Object = dict[str, Any]
CONTROLLERS = {"CronJob", "Deployment", "Job"}


def kustomize() -> list[str]:
    """Return the command that builds an overlay, or an empty list if none is installed."""
    if path := shutil.which("kustomize"):
        return [path, "build"]
    if path := shutil.which("kubectl"):
        return [path, "kustomize"]
    return []


def build(overlay: Path) -> list[Object]:
    """Return the objects of an overlay.

    Raises:
        subprocess.CalledProcessError: the build failed; `stderr` has the reason.
    """
    built = subprocess.run([*kustomize(), overlay], check=True, capture_output=True, text=True).stdout
    return list(yaml.safe_load_all(built))


class Cluster:
    """Objects of one namespace."""

    def __init__(self, objects: list[Object]) -> None:
        self.objects = objects

    def kind(self, *kinds: str) -> list[Object]:
        """Return the objects of the given kinds."""
        return [found for found in self.objects if found["kind"] in kinds]

    def one(self, kind: str, name: str) -> Object:
        """Return the object with a name, ignoring the content hash."""
        (found,) = [found for found in self.kind(kind) if found["metadata"]["name"].split("-")[0] == name]
        return found

    def pods(self) -> dict[str, Object]:
        """Return the pod template of each controller."""
        return {found["metadata"]["name"]: template(found) for found in self.kind(*CONTROLLERS)}

    def opened(self) -> dict[str, set[str | int]]:
        """Return the container ports of each controller, by name and by number."""
        return {
            name: {
                port[key]
                for container in containers(pod)
                for port in container.get("ports", [])
                for key in ("name", "containerPort")
            }
            for name, pod in self.pods().items()
        }

    def selected(self, selector: Object) -> set[str]:
        """Return the names of the controllers whose pods match a selector."""
        return {name for name, pod in self.pods().items() if matches(selector, pod["metadata"]["labels"])}

    def reaches(self, source: str, target: str, port: int) -> bool:
        """Return whether the network policies allow a connection from one pod to a port of another."""
        return any(self._applies(rule, "to", target, port) for rule in self._rules(source, "Egress", "egress")) and any(
            self._applies(rule, "from", source, port) for rule in self._rules(target, "Ingress", "ingress")
        )

    def leaves(self, source: str, port: int) -> bool:
        """Return whether the network policies allow a connection from a pod to a port outside the cluster."""
        return any(
            port in ports(rule) and ("to" not in rule or any("ipBlock" in peer for peer in rule["to"]))
            for rule in self._rules(source, "Egress", "egress")
        )

    def entered(self, target: str, namespace: str, port: int) -> bool:
        """Return whether the network policies allow connections from another namespace to a port."""
        labels = {"kubernetes.io/metadata.name": namespace}
        return any(
            port in ports(rule)
            and any(matches(peer["namespaceSelector"], labels) for peer in rule["from"] if "namespaceSelector" in peer)
            for rule in self._rules(target, "Ingress", "ingress")
        )

    def _rules(self, name: str, direction: str, key: str) -> Iterator[Object]:
        policies = [policy["spec"] for policy in self.kind("NetworkPolicy")]
        chosen = [spec for spec in policies if name in self.selected(spec["podSelector"])]
        assert any(direction in spec["policyTypes"] for spec in chosen), f"nothing denies {name}"
        for spec in chosen:
            yield from spec.get(key, [])

    def _applies(self, rule: Object, key: str, name: str, port: int) -> bool:
        peers = [peer["podSelector"] for peer in rule.get(key, []) if "podSelector" in peer]
        return port in ports(rule) and (key not in rule or any(name in self.selected(peer) for peer in peers))


def template(controller: Object) -> Object:
    """Return the pod template of a controller."""
    spec: Object = controller["spec"]
    if controller["kind"] == "CronJob":
        spec = spec["jobTemplate"]["spec"]
    found: Object = spec["template"]
    return found


def containers(pod: Object) -> list[Object]:
    """Return the containers of a pod, including init containers."""
    return [*pod["spec"].get("initContainers", []), *pod["spec"]["containers"]]


def ports(rule: Object) -> set[int]:
    """Return the ports of a network policy rule."""
    return {port["port"] for port in rule["ports"]}


def matches(selector: Object, labels: dict[str, str]) -> bool:
    """Return whether labels match a selector."""
    for wanted in selector.get("matchExpressions", []):
        assert wanted["operator"] in {"In", "NotIn"}, json.dumps(wanted)
        if (labels.get(wanted["key"]) in wanted["values"]) is not (wanted["operator"] == "In"):
            return False
    wanted_labels: dict[str, str] = selector.get("matchLabels", {})
    return wanted_labels.items() <= labels.items()
