"""Database reads, independent of requests; they return querysets or values."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.contrib.auth.models import Group
from django.db.models import ForeignObjectRel, Model, QuerySet, prefetch_related_objects
from django.utils import timezone

from apps.users.models import RefreshSession, User

# Secrets, and texts of the admin log that may contain personal data of others.
EXCLUDED_FIELDS = frozenset(
    {"password", "session_epoch", "current_jti", "previous_jti", "object_repr", "change_message"}
)


def user_list() -> QuerySet[User]:
    """Return all users except deleted accounts."""
    users: QuerySet[User] = User.objects.filter(deleted_at=None)
    return users


def user_roles_load(users: Iterable[User]) -> None:
    """Load `roles` of users with one query; `prefetch_related` would build a queryset for each user."""
    by_key = {user.pk: user for user in users}
    for user in by_key.values():
        user.roles = []
    roles = Group.objects.filter(user__in=by_key).order_by("name")
    for key, name in roles.values_list("user", "name"):
        by_key[key].roles.append(name)


def user_by_email(email: str) -> User | None:
    """Return the user with this email, in any form."""
    users: QuerySet[User] = User.objects.by_email(email)
    return users.first()


def session_list(*, user: User) -> QuerySet[RefreshSession]:
    """Return the active sessions of a user."""
    return RefreshSession.objects.filter(user=user, revoked_at=None, expires_at__gt=timezone.now())


def user_export(user: User) -> dict[str, Any]:
    """Return all stored data of a user except secrets, by model label.

    Covers every model with a relation to the user, including those of new apps.
    Source: https://eur-lex.europa.eu/eli/reg/2016/679/oj, article 15
    """
    prefetch_related_objects([user], *_many_to_many(User))
    export: dict[str, dict[Any, Any]] = {"users.User": {user.pk: _row(user)}}
    for relation in User._meta.get_fields(include_hidden=True):  # noqa: SLF001 - Django's documented Options API
        if not isinstance(relation, ForeignObjectRel) or relation.related_model._meta.auto_created:  # noqa: SLF001
            continue
        model = relation.related_model
        rows = model._base_manager.filter(**{relation.field.name: user})  # noqa: SLF001
        rows = rows.prefetch_related(*_many_to_many(model))
        # By primary key: a row may refer to the user by several fields.
        export.setdefault(model._meta.label, {}).update({row.pk: _row(row) for row in rows})  # noqa: SLF001
    return {label: list(rows.values()) for label, rows in export.items() if rows}


def _row(instance: Model) -> dict[str, Any]:
    fields = [field for field in instance._meta.concrete_fields if field.name not in EXCLUDED_FIELDS]  # noqa: SLF001
    values = {field.name: field.value_to_string(instance) for field in fields}
    relations = {
        field.name: [str(row) for row in getattr(instance, field.name).all()]
        for field in instance._meta.many_to_many  # noqa: SLF001
    }
    return values | relations


def _many_to_many(model: type[Model]) -> Iterator[str]:
    """Yield what to prefetch. `__str__` may use related rows: that of a permission has its content type."""
    for field in model._meta.many_to_many:  # noqa: SLF001
        yield field.name
        for parent in field.related_model._meta.concrete_fields:  # noqa: SLF001
            if parent.many_to_one:
                yield f"{field.name}__{parent.name}"
