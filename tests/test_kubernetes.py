"""Kubernetes manifests of a project, built by kustomize."""

from __future__ import annotations

import functools
import json
import os
import re
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import kubernetes_validate
import pytest
from baking import Answers, Bakery, bare_environment, covering_array, label, run
from cluster import CONTROLLERS, Cluster, build, containers, kustomize, ports, template

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

OVERLAYS = ["staging", "production"]
# The oldest version that supports all used fields, and the newest with available schemas.
VERSIONS = ["1.30", "1.37"]
VARIANTS = [answers for answers in covering_array(strength=3) if answers["deployment"] == "kubernetes"]
pytestmark = pytest.mark.skipif(not kustomize(), reason="neither kustomize nor kubectl is on the path")
every_variant = pytest.mark.parametrize("answers", VARIANTS, ids=label)
every_overlay = pytest.mark.parametrize("overlay", OVERLAYS)
# Options that affect the manifests.
FEATURES: list[Answers] = [
    {"use_celery": True, "use_opentelemetry": True},
    {"use_celery": True, "media_storage": "s3"},
    {"use_celery": False, "features": "blog files reports shop"},
]
# Policies for pods of other controllers in the namespace.
ELSEWHERE = {"certificates"}


@functools.cache
def validate(text: str) -> None:
    """Validate an object against the Kubernetes schemas; cached, since variants share most objects."""
    for version in VERSIONS:
        kubernetes_validate.validate(json.loads(text), version, strict=True)


@pytest.fixture(scope="module")
def cluster(bake: Bakery, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Cluster]:
    @functools.cache
    def built(overlay: str, **answers: Any) -> Cluster:
        project = bake(**{"deployment": "kubernetes"} | answers)
        folder = shutil.copytree(project / "deploy/kubernetes", tmp_path_factory.mktemp("kubernetes") / "files")
        shutil.copy(folder / "secrets.env.example", folder / "overlays" / overlay / "secrets.env")
        return Cluster(build(folder / "overlays" / overlay))

    return built


@pytest.fixture(params=[(overlay, tuple(row.items())) for overlay in OVERLAYS for row in FEATURES], ids=str)
def any_cluster(request: pytest.FixtureRequest, cluster: Callable[..., Cluster]) -> Cluster:
    """Return the objects of each overlay with each set of relevant options."""
    overlay, features = request.param
    return cluster(overlay, **dict(features))


@every_overlay
@every_variant
def test_objects_match_kubernetes_schemas(cluster: Callable[..., Cluster], answers: Answers, overlay: str) -> None:
    for found in cluster(overlay, **answers).objects:
        validate(json.dumps(found, sort_keys=True))


def test_build_fails_without_secrets(bake: Bakery) -> None:
    overlay = bake(deployment="kubernetes") / "deploy/kubernetes/overlays/production"
    with pytest.raises(subprocess.CalledProcessError) as failure:
        build(overlay)
    assert "secrets.env" in failure.value.stderr


def test_secrets_are_ignored_by_git(bake: Bakery, tmp_path: Path) -> None:
    project = shutil.copytree(bake(deployment="kubernetes"), tmp_path / "project")
    run("git", "init", "--quiet", cwd=project)
    secrets = [f"deploy/kubernetes/overlays/{overlay}/secrets.env" for overlay in OVERLAYS]
    assert run("git", "check-ignore", *secrets, cwd=project).split() == secrets


def test_secret_values_are_empty_by_default(any_cluster: Cluster) -> None:
    assert set(any_cluster.one("Secret", "secrets")["data"].values()) == {""}


def test_overlays_have_separate_restricted_namespaces(
    cluster: Callable[..., Cluster],
) -> None:
    names = set()
    for overlay in OVERLAYS:
        found = cluster(overlay, project_slug="odd__name_")
        (namespace,) = found.kind("Namespace")
        name = namespace["metadata"]["name"]
        assert re.fullmatch(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?", name)
        assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
        assert {item["metadata"]["namespace"] for item in found.objects if item is not namespace} == {name}
        names.add(name)
    assert len(names) == len(OVERLAYS)


def test_pods_meet_the_restricted_standard(any_cluster: Cluster) -> None:
    """Source: https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted."""
    for name, pod in any_cluster.pods().items():
        spec = pod["spec"]
        assert spec["automountServiceAccountToken"] is False, name
        assert spec["enableServiceLinks"] is False, name
        assert not spec.keys() & {"hostNetwork", "hostPID", "hostIPC"}, name
        assert spec["securityContext"]["runAsNonRoot"] is True, name
        assert spec["securityContext"]["runAsUser"] == 10001, name
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        for volume in spec["volumes"]:
            assert volume.keys() & {"configMap", "emptyDir", "persistentVolumeClaim"}, name
        for container in containers(pod):
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }, name


def test_containers_have_requests_and_limits(any_cluster: Cluster) -> None:
    for name, pod in any_cluster.pods().items():
        for container in containers(pod):
            assert container["resources"]["requests"].keys() == {"cpu", "memory"}, name
            assert container["resources"]["limits"].keys() == {"cpu", "memory"}, name


def test_memory_volumes_have_a_size_limit(any_cluster: Cluster) -> None:
    for name, pod in any_cluster.pods().items():
        empty = [volume["emptyDir"] for volume in pod["spec"]["volumes"] if "emptyDir" in volume]
        assert all(volume["medium"] == "Memory" and volume["sizeLimit"] for volume in empty), name


def test_images_are_pinned_and_shared_except_for_pgbouncer(any_cluster: Cluster) -> None:
    images = {name: {container["image"] for container in containers(pod)} for name, pod in any_cluster.pods().items()}
    assert images.pop("pgbouncer") == {"ghcr.io/cloudnative-pg/pgbouncer:1.25.1"}
    assert set().union(*images.values()) == {"registry.example.com/my_api:0.1.0"}


def test_selectors_match_intended_pods(any_cluster: Cluster) -> None:
    for deployment in any_cluster.kind("Deployment"):
        name = deployment["metadata"]["name"]
        assert any_cluster.selected(deployment["spec"]["selector"]) == {name}
        for spread in any_cluster.pods()[name]["spec"].get("topologySpreadConstraints", []):
            assert any_cluster.selected(spread["labelSelector"]) == {name}
    for service in any_cluster.kind("Service"):
        assert any_cluster.selected({"matchLabels": service["spec"]["selector"]}) == {service["metadata"]["name"]}
    idle = {
        policy["metadata"]["name"]
        for policy in any_cluster.kind("NetworkPolicy")
        if not any_cluster.selected(policy["spec"]["podSelector"])
    }
    assert idle == ELSEWHERE


def test_deployments_have_disruption_budgets_that_allow_draining(any_cluster: Cluster) -> None:
    budgets = any_cluster.kind("PodDisruptionBudget")
    covered = [name for budget in budgets for name in any_cluster.selected(budget["spec"]["selector"])]
    assert sorted(covered) == sorted(found["metadata"]["name"] for found in any_cluster.kind("Deployment"))
    assert all(budget["spec"]["maxUnavailable"] >= 1 for budget in budgets)


def test_ingress_routes_to_an_open_container_port(any_cluster: Cluster) -> None:
    (ingress,) = any_cluster.kind("Ingress")
    for path in ingress["spec"]["rules"][0]["http"]["paths"]:
        backend = path["backend"]["service"]
        service = any_cluster.one("Service", backend["name"])
        assert backend["port"]["name"] in {port["name"] for port in service["spec"]["ports"]}
    for service in any_cluster.kind("Service"):
        targets = {port["targetPort"] for port in service["spec"]["ports"]}
        assert targets <= any_cluster.opened()[service["metadata"]["name"]]


def test_policies_allow_open_container_ports_only(any_cluster: Cluster) -> None:
    for policy in any_cluster.kind("NetworkPolicy"):
        for rule in policy["spec"].get("ingress", []):
            for name in any_cluster.selected(policy["spec"]["podSelector"]):
                assert ports(rule) <= any_cluster.opened()[name]


def test_probes_use_open_container_ports(any_cluster: Cluster) -> None:
    for name, pod in any_cluster.pods().items():
        for container in containers(pod):
            probes = [container.get(probe, {}) for probe in ("startupProbe", "livenessProbe", "readinessProbe")]
            asked = [probe.get("httpGet") or probe.get("tcpSocket") for probe in probes]
            assert {ask["port"] for ask in asked if ask} <= any_cluster.opened()[name]


def test_pgbouncer_configuration_quotes_credentials(cluster: Callable[..., Cluster], tmp_path: Path) -> None:
    (container,) = cluster("production").pods()["pgbouncer"]["spec"]["containers"]
    shell, flags, script = container["command"]
    stub = tmp_path / "pgbouncer"
    stub.write_text("#!/bin/sh\necho started with $1\n", encoding="utf-8")
    stub.chmod(0o700)
    given = """p"a's $w\\o%sr`d`"""
    where = {"PGHOST": "db.example.com", "PGPORT": "5433", "PGSSLMODE": "require", "PGUSER": "my_api"}
    env = bare_environment(PGPASSWORD=given, **where)
    env["PATH"] = f"{tmp_path}{os.pathsep}{env['PATH']}"
    printed = run(shell, flags, script.replace("/tmp/", f"{tmp_path}/"), cwd=tmp_path, env=env)  # noqa: S108
    assert printed == "started with /etc/pgbouncer/pgbouncer.ini\n"
    users, server = tmp_path / "users.txt", tmp_path / "server.ini"
    assert users.read_text("utf-8") == '"my_api" "{}"\n'.format(given.replace('"', '""'))
    assert users.stat().st_mode & 0o077 == 0
    assert server.read_text("utf-8").splitlines() == [
        "[databases]",
        "* = host=db.example.com port=5433",
        "[pgbouncer]",
        "server_tls_sslmode = require",
    ]
    settings = cluster("production").one("ConfigMap", "pgbouncer")["data"]["pgbouncer.ini"]
    assert {"%include /tmp/server.ini", "auth_file = /tmp/users.txt"} <= set(settings.splitlines())


def test_deployments_have_all_three_probes(any_cluster: Cluster) -> None:
    for deployment in any_cluster.kind("Deployment"):
        name = deployment["metadata"]["name"]
        (container,) = any_cluster.pods()[name]["spec"]["containers"]
        assert {"startupProbe", "livenessProbe", "readinessProbe"} <= container.keys(), name


def test_pod_references_exist(any_cluster: Cluster) -> None:
    existing = {(found["kind"], found["metadata"]["name"]) for found in any_cluster.objects}
    for name, pod in any_cluster.pods().items():
        named = set()
        for container in containers(pod):
            for source in container.get("envFrom", []):
                named |= {("ConfigMap", ref["name"]) for key, ref in source.items() if key == "configMapRef"}
                named |= {("Secret", ref["name"]) for key, ref in source.items() if key == "secretRef"}
            for variable in container.get("env", []):
                if "valueFrom" in variable:
                    named.add(("Secret", variable["valueFrom"]["secretKeyRef"]["name"]))
        for volume in pod["spec"]["volumes"]:
            if "configMap" in volume:
                named.add(("ConfigMap", volume["configMap"]["name"]))
            if "persistentVolumeClaim" in volume:
                named.add(("PersistentVolumeClaim", volume["persistentVolumeClaim"]["claimName"]))
        assert named, name
        assert named <= existing, name
        mounted = {mount["name"] for container in containers(pod) for mount in container.get("volumeMounts", [])}
        assert mounted == {volume["name"] for volume in pod["spec"]["volumes"]}, name


def test_autoscaler_targets_deployment_without_replicas(any_cluster: Cluster) -> None:
    (scaler,) = any_cluster.kind("HorizontalPodAutoscaler")
    target = any_cluster.one("Deployment", scaler["spec"]["scaleTargetRef"]["name"])
    assert "replicas" not in target["spec"]
    assert 0 < scaler["spec"]["minReplicas"] < scaler["spec"]["maxReplicas"]


def test_deployments_wait_for_migration_that_bypasses_pgbouncer(any_cluster: Cluster) -> None:
    (job,) = any_cluster.kind("Job")
    (migrate,) = any_cluster.pods()[job["metadata"]["name"]]["spec"]["containers"]
    assert migrate["command"] == ["python", "manage.py", "migrate", "--noinput"]
    given = {variable["name"]: variable["value"] for variable in migrate["env"]}
    assert (given["DATABASE_URL"], given["DB_PGBOUNCER"]) == ("postgres:///my_api", "false")
    for deployment in any_cluster.kind("Deployment"):
        name = deployment["metadata"]["name"]
        first = any_cluster.pods()[name]["spec"].get("initContainers", [])
        assert ["migrate --check" in " ".join(container["command"]) for container in first] == (
            [] if name == "pgbouncer" else [True]
        )


def test_rollout_deadline_exceeds_migration_deadline(any_cluster: Cluster) -> None:
    (job,) = any_cluster.kind("Job")
    for deployment in any_cluster.kind("Deployment"):
        if any_cluster.pods()[deployment["metadata"]["name"]]["spec"].get("initContainers"):
            assert deployment["spec"]["progressDeadlineSeconds"] > job["spec"]["activeDeadlineSeconds"]


@pytest.mark.parametrize("broken", ["clearsessions", "purge_unverified_users", "purge_notifications", None])
def test_housekeeping_continues_when_a_command_fails(
    cluster: Callable[..., Cluster], tmp_path: Path, broken: str | None
) -> None:
    found = cluster("production", use_celery=False, use_channels=True, features="files notifications reports")
    (container,) = found.pods()["housekeeping"]["spec"]["containers"]
    stub = tmp_path / "python"
    stub.write_text(f'#!/bin/sh\necho "$2" >> {tmp_path}/called\n[ "$2" != "{broken}" ]\n', encoding="utf-8")
    stub.chmod(0o700)
    env = bare_environment()
    env["PATH"] = f"{tmp_path}{os.pathsep}{env['PATH']}"
    ended = subprocess.run(container["command"], cwd=tmp_path, env=env, check=False)
    assert ended.returncode == (1 if broken else 0)
    called = (tmp_path / "called").read_text("utf-8").split()
    assert called == [
        "clearsessions",
        "purge_sessions",
        "purge_failed_logins",
        "purge_unverified_users",
        "purge_files",
        "purge_notifications",
        "purge_events",
    ]


def test_cron_jobs_run_the_commands_of_beat(bake: Bakery, cluster: Callable[..., Cluster]) -> None:
    features = "blog files notifications reports search shop"
    settings = bake(use_celery=True, features=features) / "config/settings/components/celery.py"
    beat = dict(re.findall(r'^ {8}"(\w+)": "([^"]+)",$', settings.read_text("utf-8"), re.MULTILINE))
    found: dict[str, str] = {}
    for job in cluster("production", use_celery=False, features=features).kind("CronJob"):
        (container,) = template(job)["spec"]["containers"]
        commands = re.findall(r"manage\.py (\w+)", " ".join(container["command"]))
        found |= dict.fromkeys(commands, job["spec"]["schedule"])
    assert found.keys() == beat.keys()
    # The time of deletions does not matter.
    deleting = {name for name in beat if name.startswith("purge_") or name == "clearsessions"}
    assert {name: found[name] for name in beat.keys() - deleting} == {
        name: beat[name] for name in beat.keys() - deleting
    }


def test_ingress_host_matches_allowed_hosts(any_cluster: Cluster) -> None:
    (ingress,) = any_cluster.kind("Ingress")
    (rule,) = ingress["spec"]["rules"]
    settings = any_cluster.one("ConfigMap", "settings")["data"]
    assert settings["ALLOWED_HOSTS"] == rule["host"]
    assert ingress["spec"]["tls"][0]["hosts"] == [rule["host"]]


def test_network_policies_allow_required_connections_only(any_cluster: Cluster) -> None:
    assert any_cluster.entered("web", "traefik", 8000)
    assert not any_cluster.entered("web", "default", 8000)
    assert not any_cluster.entered("pgbouncer", "traefik", 6432)
    for name in any_cluster.pods().keys() - {"migrate", "pgbouncer"}:
        assert any_cluster.reaches(name, "pgbouncer", 6432), name
        assert not any_cluster.leaves(name, 5432), name
        assert not name.startswith("worker") or not any_cluster.reaches(name, "web", 8000)
        # Redis, SMTP with implicit TLS and with STARTTLS, HTTPS
        assert all(any_cluster.leaves(name, port) for port in (6379, 465, 587, 443)), name
        assert not any(any_cluster.leaves(name, port) for port in (22, 25, 80, 8000)), name
    for name in ("migrate", "pgbouncer"):
        assert any_cluster.leaves(name, 5432), name
    assert not any_cluster.leaves("pgbouncer", 443)
    assert not any_cluster.reaches("migrate", "pgbouncer", 6432)


def test_options_add_and_remove_their_objects(
    cluster: Callable[..., Cluster],
) -> None:
    workers = {"beat", "worker-bulk", "worker-critical", "worker-default"}
    always = {"migrate", "pgbouncer", "web"}
    assert cluster("production", use_celery=True).pods().keys() == always | workers
    assert cluster("production", use_celery=False).pods().keys() == always | {"housekeeping"}
    scheduled = cluster("production", use_celery=False, features="blog files reports shop")
    jobs = {"files", "housekeeping", "orders", "publishing", "reminders", "reporting"}
    assert scheduled.pods().keys() == always | jobs
    with_notifications = cluster("production", use_celery=False, features="notifications")
    assert with_notifications.pods().keys() == always | {"digests", "housekeeping"}
    with_mqtt = cluster("production", use_celery=True, use_channels=True, features="mqtt")
    assert with_mqtt.pods().keys() == always | workers | {"mqtt"}
    assert with_mqtt.leaves("mqtt", 8883)
    assert not with_mqtt.leaves("web", 8883)
    assert cluster("production", media_storage="filesystem").kind("PersistentVolumeClaim")
    for tasks in (True, False):
        found = cluster("production", media_storage="filesystem", use_celery=tasks)
        for name, pod in found.pods().items():
            mounted = {mount["mountPath"] for mount in pod["spec"]["containers"][0]["volumeMounts"]}
            assert ("/media" in mounted) is (name not in {"migrate", "pgbouncer"}), name
    assert not cluster("production", media_storage="azure").kind("PersistentVolumeClaim")
    for switched in (True, False):
        found = cluster("production", use_opentelemetry=switched)
        settings = found.one("ConfigMap", "settings")["data"]
        assert any(name.startswith("OTEL_") for name in settings) is switched
        assert found.leaves("web", 4318) is False
        names = {policy["metadata"]["name"] for policy in found.kind("NetworkPolicy")}
        assert ("to-collector" in names) is switched


def test_up_kubernetes_migrates_first(bake: Bakery) -> None:
    printed = run(
        "make", "--dry-run", "up-kubernetes", "OVERLAY=production",
        cwd=bake(deployment="kubernetes"), env=bare_environment(),
    )  # fmt: skip
    verbs = re.findall(r"^kubectl (?:--namespace my-api )?(\w+)", printed, re.MULTILINE)
    assert verbs == ["delete", "apply", "wait", "rollout"]


def test_controllers_are_all_covered(any_cluster: Cluster) -> None:
    having_pods = {found["kind"] for found in any_cluster.objects if "template" in str(found.get("spec", {}))}
    assert having_pods <= CONTROLLERS
