from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core.models import SoftDeleteModel, TimeStampedModel, UUIDModel


class {{ model }}(UUIDModel, TimeStampedModel{% if soft_delete %}, SoftDeleteModel{% endif %}):
{% for field in choices %}
    class {{ field.enum }}(models.TextChoices):
{% for value in field.choices %}        {{ value.constant }} = "{{ value.name }}", _("{{ value.label }}")
{% endfor %}
{% endfor %}
{% if owner %}
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("owner"), on_delete=models.CASCADE, related_name="+"
    )
{% endif %}{% for field in fields %}    {{ field.name }} = {{ field.model_field }}
{% endfor %}
    class Meta:
        verbose_name = _("{{ verbose }}")
        verbose_name_plural = _("{{ verbose_plural }}")
        ordering = ("-created_at", "-id")
        # For the list, newest first.
        indexes = [
            models.Index(fields=[{% if owner %}"owner", {% endif %}"-created_at", "-id"], name="{{ index }}")
        ]

    def __str__(self) -> str:
        return {{ text }}
