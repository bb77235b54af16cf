from django.apps import AppConfig
from django.conf import settings


class TelemetryConfig(AppConfig):
    name = "infrastructure.telemetry"

    def ready(self) -> None:
        """Install OpenTelemetry if a collector is configured; otherwise it is not imported."""
        if settings.OTEL_EXPORTER_OTLP_ENDPOINT:
            from infrastructure.telemetry import instrumentation  # noqa: PLC0415 - costs time and memory

            instrumentation.install()
