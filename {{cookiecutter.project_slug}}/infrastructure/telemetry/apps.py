from django.apps import AppConfig
from django.conf import settings


class TelemetryConfig(AppConfig):
    name = "infrastructure.telemetry"

    def ready(self) -> None:
        """Without a collector nothing of OpenTelemetry is even imported."""
        if settings.OTEL_EXPORTER_OTLP_ENDPOINT:
            from infrastructure.telemetry import instrumentation  # noqa: PLC0415 - costs time and memory

            instrumentation.install()
