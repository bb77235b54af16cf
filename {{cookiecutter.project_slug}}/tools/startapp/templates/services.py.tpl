"""Database writes. Services validate what they store."""

from typing import Any

from apps.{{ app }}.models import {{ model }}
from apps.users.models import User
{% if notify %}from apps.notifications.services import notification_send
{% endif %}

def {{ name }}_create({% if owner %}*, owner: User, {% endif %}**values: Any) -> {{ model }}:
    """Create {{ article }} {{ verbose }}.

    Args:{% if owner %}
        owner: the user it belongs to.{% endif %}
        values: fields of the model.

    Raises:
        ValidationError: a value is not valid.
    """
    {{ name }} = {{ model }}({% if owner %}owner=owner, {% endif %}**values)
    {{ name }}.full_clean()
    {{ name }}.save(force_insert=True)
{% if notify %}    notification_send(user=owner, kind="{{ name }}_created", title=str({{ name }})[:200])
{% endif %}    return {{ name }}


def {{ name }}_update(*, {{ name }}: {{ model }}, **values: Any) -> {{ model }}:
    """Change fields of {{ article }} {{ verbose }}.

    Raises:
        ValidationError: a value is not valid.
    """
    for field, value in values.items():
        setattr({{ name }}, field, value)
    {{ name }}.full_clean()
    {{ name }}.save(update_fields=[*values, "updated_at"])
    return {{ name }}


def {{ name }}_delete(*, {{ name }}: {{ model }}) -> None:
    """Delete {{ article }} {{ verbose }}{% if soft_delete %}; the row is kept and can be restored{% endif %}."""
    {{ name }}.delete()
{% if owner %}

def {{ names }}_delete(*, owner: User) -> None:
    """Delete all {{ verbose_plural }} of a user{% if soft_delete %}, also rows that are only marked as deleted{% endif %}."""
    {{ model }}.{% if soft_delete %}all_objects.filter(owner=owner).hard_delete(){% else %}objects.filter(owner=owner).delete(){% endif %}
{% endif %}
