"""Sample data from the factories of the tests, and an account that owns it.

Each factory in a module `<app>/tests/factories.py` makes `ROWS` rows, unless the account has some. A function
`seed(account)` in that module, which yields the created rows, replaces this for its app.
"""

from __future__ import annotations

from graphlib import TopologicalSorter
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db import models, transaction
from factory.django import DjangoModelFactory
from factory.random import reseed_random

from apps.users.models import User
from apps.users.tests.factories import SuperuserFactory
from tools.development.welcome import EMAIL, PASSWORD

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

ROWS = 10
ROOTS = ("apps.", "infrastructure.")

Factory = type[DjangoModelFactory[Any]]


def seed() -> Iterator[models.Model]:
    """Create the missing sample data, and yield the created rows."""
    reseed_random(0)
    account = User.objects.filter(email=EMAIL).first()
    if account is None:
        account = SuperuserFactory.create(email=EMAIL, password=PASSWORD, first_name="Ada", last_name="Admin")
        yield account
    others = []
    for module in factory_modules():
        if hasattr(module, "seed"):
            yield from module.seed(account)
        else:
            others.append(module)
    for factory in sorted_factories(others):
        yield from rows_of(factory, account)


def factory_modules() -> list[ModuleType]:
    """Return the modules of factories of all apps of the project."""
    folders = [f"{config.name}.tests" for config in apps.get_app_configs() if config.name.startswith(ROOTS)]
    names = [f"{name}.factories" for name in folders if find_spec(name)]
    return [import_module(name) for name in names if find_spec(name)]


def sorted_factories(modules: list[ModuleType]) -> list[Factory]:
    """Return the first factory of each model, after those of the models that it requires."""
    factories: dict[type[models.Model], Factory] = {}
    for module in modules:
        for value in vars(module).values():
            is_factory = isinstance(value, type) and issubclass(value, DjangoModelFactory)
            if is_factory and value.__module__ == module.__name__ and value._meta.model:
                factories.setdefault(value._meta.model, value)
    required = {
        model: {field.related_model for field in relations(model) if not field.null} & factories.keys()
        for model in factories
    }
    return [factories[model] for model in TopologicalSorter(required).static_order()]


def rows_of(factory: Factory, account: User) -> Iterator[models.Model]:
    """Create rows that belong to the account and refer to its other rows, unless there are rows already."""
    model = factory._meta.model
    if owned(model, account).exists():
        return
    # Values that are unique continue after the rows of others.
    factory.reset_sequence(model._base_manager.count(), force=True)
    related = {
        field.name: list(owned(field.related_model, account).order_by("pk")[:ROWS])
        for field in relations(model)
        if field.related_model.__module__.startswith("apps.")
    }
    with transaction.atomic():
        for number in range(ROWS):
            yield factory.create(**{name: rows[number % len(rows)] for name, rows in related.items() if rows})


def relations(model: type[models.Model]) -> list[models.ForeignKey[Any, Any]]:
    """Return the foreign keys to other models, without one-to-one relations."""
    fields = [field for field in model._meta.fields if isinstance(field, models.ForeignKey)]
    return [field for field in fields if field.many_to_one and field.related_model is not model]


def owned(model: type[models.Model], account: User) -> models.QuerySet[Any]:
    """Return the rows of the account; all rows of a model without owner, and the account itself of `User`."""
    owners = [field.name for field in relations(model) if field.related_model is User]
    values = {"pk": account.pk} if model is User else dict.fromkeys(owners, account)
    rows: models.QuerySet[Any] = model._base_manager.filter(**values)
    return rows
