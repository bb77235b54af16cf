"""Probes: is the process alive, and can it do its work?

https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/
"""

import asyncio
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views import View
from health_check.base import HealthCheck
from health_check.exceptions import ServiceUnavailable
from health_check.views import HealthCheckView


@dataclass
class Migrations(HealthCheck):
    """Fails while a migration of this code is not applied to the database."""

    def run(self) -> None:  # type: ignore[override] # what is not async runs in a thread
        with connection.temporary_connection():
            executor = MigrationExecutor(connection)
            if executor.migration_plan(executor.loader.graph.leaf_nodes()):
                raise ServiceUnavailable("unapplied migrations")


class LivenessView(View):
    """200 while the process answers; it asks no other service."""

    async def get(self, request: HttpRequest) -> JsonResponse:
        return JsonResponse({"status": "ok"})


class ReadinessView(HealthCheckView):
    """200 when every component works, else 503 and which one does not."""

    http_method_names = ["get", "head", "options"]
    checks = ("health_check.checks.Database", "health_check.checks.Cache", Migrations)

    async def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> JsonResponse:  # type: ignore[override] # async as the base class
        results = await asyncio.gather(*(check.get_result() for check in self.get_checks()))
        report = {
            type(result.check).__name__.lower(): "unavailable" if result.error else "ok" for result in results
        }
        failed = any(result.error for result in results)
        return JsonResponse(
            {"status": "unavailable" if failed else "ok", "components": report},
            status=503 if failed else 200,
        )
