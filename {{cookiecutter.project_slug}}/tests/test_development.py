"""Sample data of `make seed`, see tools/development/."""

from io import StringIO

import pytest
from django.core.management import BaseCommand, CommandError, call_command
from django.test import Client as DjangoClient
from pytest_django import Settings

from apps.users.models import User
from conftest import Client
from tools.development import seed, welcome
from tools.development.management.commands import seed as seed_command


def printed(command: BaseCommand) -> str:
    output = StringIO()
    call_command(command, stdout=output)
    return output.getvalue()


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("empty_storage")
def test_seed_creates_rows_of_each_app_once(settings: Settings) -> None:
    settings.DEBUG = True
    assert printed(seed_command.Command()).startswith("users.User: ")
    users = User.objects.count()
    assert printed(seed_command.Command()).startswith("The sample data exists already.\n")
    assert User.objects.count() == users


@pytest.mark.django_db
def test_seed_creates_an_account_for_api_and_admin(api: Client, client: DjangoClient) -> None:
    account = next(seed.seed())
    assert isinstance(account, User)
    assert welcome.development_account() == account
    api.login_by_token(account, welcome.PASSWORD)
    form = {"username": welcome.EMAIL, "password": welcome.PASSWORD}
    assert client.post("/admin/login/?next=/admin/", form).headers["Location"] == "/admin/"


@pytest.mark.django_db
def test_seed_is_refused_outside_development() -> None:
    with pytest.raises(CommandError, match=r"config\.settings\.development"):
        call_command(seed_command.Command())
    assert not User.objects.exists()
