"""Commands and pages for developers: previews of emails, URLs and rare sample data."""

import pytest
from django.conf import settings as project_settings
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import RequestFactory
from django.utils.html import escape
from pytest_django import Settings

from apps.users.models import RefreshSession, User
from apps.users.tests.factories import RefreshSessionFactory, UserFactory
from config.env import BASE_DIR
from tests.test_development import printed
from tools.development import emails, seed
from tools.development.management.commands import seed as seed_command
from tools.development.management.commands import show_urls

LANGUAGES = list(dict(project_settings.LANGUAGES))


@pytest.fixture
def _templates(settings: Settings) -> None:
    """Find the templates of `tools.development`; other `INSTALLED_APPS` would start all apps again."""
    folders = [*settings.TEMPLATES[0]["DIRS"], BASE_DIR / "tools/development/templates"]
    settings.TEMPLATES = [settings.TEMPLATES[0] | {"DIRS": folders}]


def test_seed_creates_rows_of_the_account_by_a_factory(user: User) -> None:
    UserFactory.create()
    rows = list(seed.rows_of(RefreshSessionFactory, user))
    assert len(rows) == seed.ROWS
    assert set(RefreshSession.objects.filter(user=user)) == set(rows)
    assert list(seed.rows_of(RefreshSessionFactory, user)) == []


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
