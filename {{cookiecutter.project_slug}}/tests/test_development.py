"""Commands and pages for developers, see tools/development/."""

from io import StringIO

import pytest
from django.conf import settings as project_settings
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client as DjangoClient
from django.test import RequestFactory
from django.utils.html import escape
from pytest_django import Settings

from apps.users.models import RefreshSession, User
from apps.users.tests.factories import RefreshSessionFactory, UserFactory
from config.env import BASE_DIR
from conftest import Client
from tools.development import emails, seed, welcome
from tools.development.management.commands import seed as seed_command
from tools.development.management.commands import show_urls

LANGUAGES = list(dict(project_settings.LANGUAGES))


@pytest.fixture
def _templates(settings: Settings) -> None:
    """Find the templates of `tools.development`; other `INSTALLED_APPS` would start all apps again."""
    folders = [*settings.TEMPLATES[0]["DIRS"], BASE_DIR / "tools/development/templates"]
    settings.TEMPLATES = [settings.TEMPLATES[0] | {"DIRS": folders}]


def printed(command: seed_command.Command | show_urls.Command) -> str:
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


def test_seed_creates_rows_of_the_account_by_a_factory(user: User) -> None:
    UserFactory.create()
    rows = list(seed.rows_of(RefreshSessionFactory, user))
    assert len(rows) == seed.ROWS
    assert set(RefreshSession.objects.filter(user=user)) == set(rows)
    assert list(seed.rows_of(RefreshSessionFactory, user)) == []


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


def test_seed_is_refused_for_a_database_in_a_network(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DEBUG = True
    monkeypatch.setitem(connection.settings_dict, "HOST", "db.example.com")
    with pytest.raises(CommandError, match="server in a network"):
        call_command(seed_command.Command())


@pytest.mark.usefixtures("_templates")
@pytest.mark.parametrize("language", LANGUAGES)
def test_email_previews_show_each_email_in_each_language(rf: RequestFactory, language: str) -> None:
    listed = emails.email_list(rf.get("/dev/emails/")).content.decode()
    found = emails.templates()
    assert "users/mail/verify_email" in found
    for template, source in found.items():
        url = f"/dev/emails/{template}/?language={language}"
        assert f'href="{url}"' in listed
        page = emails.email_detail(rf.get(url), template).content.decode()
        subject, text, _html = emails.preview(template, source, language)
        assert f"<h1>{escape(subject)}</h1>" in page
        assert escape(text.strip()) in page
        assert 'srcdoc="&lt;!DOCTYPE html&gt;' in page


def test_show_urls_lists_path_name_and_view() -> None:
    lines = [line.split() for line in printed(show_urls.Command()).splitlines()]
    assert ["/api/v1/users/<pk>/", "v1:users:user-detail", "apps.users.api.views.UserViewSet"] in lines
    assert ["/health/live/", "health-live", "infrastructure.monitoring.health.live"] in lines
