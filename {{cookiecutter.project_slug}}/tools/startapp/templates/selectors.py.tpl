"""Database reads, independent of requests."""

from django.db.models import QuerySet

from apps.{{ app }}.models import {{ model }}
from apps.users.models import User

{% if owner %}
def {{ name }}_list(*, owner: User) -> QuerySet[{{ model }}]:
    """Return the {{ verbose_plural }} of a user."""
{% if soft_delete %}    {{ names }}: QuerySet[{{ model }}] = {{ model }}.objects.filter(owner=owner)
    return {{ names }}
{% else %}    return {{ model }}.objects.filter(owner=owner)
{% endif %}{% endif %}{% if not owner or public_read %}

def {{ name }}_list{% if owner %}_all{% endif %}() -> QuerySet[{{ model }}]:
    """Return all {{ verbose_plural }}."""
{% if soft_delete %}    {{ names }}: QuerySet[{{ model }}] = {{ model }}.objects.all()
    return {{ names }}
{% else %}    return {{ model }}.objects.all()
{% endif %}{% endif %}
