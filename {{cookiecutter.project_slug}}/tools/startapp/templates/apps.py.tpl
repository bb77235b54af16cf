from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class {{ app_class }}Config(AppConfig):
    name = "apps.{{ app }}"
    verbose_name = _("{{ app_verbose }}")
{% if owner %}
    def ready(self) -> None:
        from apps.{{ app }} import receivers  # noqa: F401, PLC0415 - connects itself, needs the models
{% endif %}
