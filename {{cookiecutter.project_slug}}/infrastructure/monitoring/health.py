"""Liveness and readiness endpoints.

https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/
"""

import uuid
from collections.abc import Callable

import structlog
from django.core.cache import cache
from django.db import connection, connections
from django.db.migrations.executor import MigrationExecutor
from django.http import Http404, HttpRequest, JsonResponse

from infrastructure.database.postgresql import answer_within

# Less than the timeout of usual probes, so that the response still names the failed component. Enforced for
# the database with `DB_ANSWER_TIMEOUT`.
CHECK_SECONDS = 2

logger = structlog.get_logger(__name__)


def live(_request: HttpRequest) -> JsonResponse:
    """Return 200 while the process responds; no other service is checked."""
    return JsonResponse({"status": "ok"})


def ready(request: HttpRequest) -> JsonResponse:
    """Return 200 if every component works, else 503 with the status of each component.

    `?only=database,migrations` checks only these, so that a load balancer does not remove all servers because
    of an optional component. An unknown name checks all.

    Raises:
        Http404: the request came through a proxy: probes connect directly, and this view has no rate limit.
    """
    if "HTTP_X_FORWARDED_FOR" in request.META:
        raise Http404
    only = set(request.GET.get("only", "").split(","))
    chosen = {name: check for name, check in CHECKS.items() if name in only or not only <= CHECKS.keys()}
    components = {name: "ok" if _works(name, check) else "unavailable" for name, check in chosen.items()}
    failed = "unavailable" in components.values()
    return JsonResponse(
        {"status": "unavailable" if failed else "ok", "components": components},
        status=503 if failed else 200,
    )


def check_database() -> None:
    for database in connections.all():
        with database.cursor() as cursor:
            cursor.execute("SELECT 1")


def check_cache() -> None:
    key = f"health:{uuid.uuid4().hex}"
    cache.set(key, key, timeout=10)
    if cache.get(key) != key:
        raise RuntimeError("The cache lost a value.")


def check_migrations() -> None:
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise RuntimeError("Migrations are not applied.")


# A check raises an exception if its component does not work.
CHECKS: dict[str, Callable[[], None]] = {
    "database": check_database,
    "cache": check_cache,
    "migrations": check_migrations,
}


def _works(name: str, check: Callable[[], None]) -> bool:
    try:
        with answer_within(CHECK_SECONDS):
            check()
    except Exception:
        # Any error means "unavailable"; the log has the reason.
        logger.exception("health_check_failed", component=name)
        return False
    return True
