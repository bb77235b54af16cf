"""Posts in the search."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.urls import reverse

from apps.blog.services import posts, states
from apps.blog.tests.factories import TagFactory
from apps.search.models import SearchEntry
from apps.users.services.accounts import user_delete
from apps.users.tests.factories import SuperuserFactory
from apps.users.tests.helpers import browser_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_django import DjangoCaptureOnCommitCallbacks

    from apps.blog.models import Post
    from apps.users.models import User
    from conftest import Client

pytestmark = pytest.mark.django_db


@pytest.fixture
def commit(django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks) -> Callable[..., Any]:
    def run(service: Callable[..., Any], **values: Any) -> Any:
        with django_capture_on_commit_callbacks(execute=True):
            return service(**values)

    return run


@pytest.fixture
def post(author: User, editor: User, commit: Callable[..., Any]) -> Post:
    """Return a post in review."""
    tag = TagFactory.create(name="Kitchen")
    made: Post = commit(
        posts.post_create, author=author, tags=[tag], title="Kettle", body="*Boils* water &amp; tea"
    )
    commit(states.post_move, post=made, user=author, transition="submit")
    return made


def found(api: Client, query: str = "boils") -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = api.get(reverse("v1:search:search"), {"q": query}).json()["results"]
    return rows


def test_only_published_posts_are_found(
    api: Client, post: Post, editor: User, commit: Callable[..., Any]
) -> None:
    assert found(api) == []
    commit(states.post_publish, post=post, user=editor)
    (row,) = found(api)
    assert row["id"] == str(post.pk)
    assert row["headline"].strip() == "<mark>Boils</mark> water &amp; tea"
    assert row["url"] == "/blog/kettle"
    assert row["tags"] == {"kitchen": "Kitchen"}


@pytest.mark.parametrize("end", ["archive", "delete"])
def test_unpublished_posts_leave_the_index(
    api: Client, post: Post, editor: User, commit: Callable[..., Any], end: str
) -> None:
    commit(states.post_publish, post=post, user=editor)
    if end == "archive":
        commit(states.post_move, post=post, user=editor, transition="archive")
    else:
        commit(posts.post_delete, post=post, user=editor)
    assert found(api) == []
    assert SearchEntry.objects.count() == 0


def test_posts_deleted_by_the_action_of_the_admin_leave_the_index(
    post: Post, editor: User, commit: Callable[..., Any]
) -> None:
    commit(states.post_publish, post=post, user=editor)
    browser = browser_of(SuperuserFactory.create())
    form = {"action": "delete_selected", "_selected_action": [post.pk], "post": "yes"}
    commit(browser.post, path=reverse("admin:blog_post_changelist"), data=form)
    assert not SearchEntry.objects.exists()


def test_changed_posts_are_found_by_their_new_text(
    api: Client, post: Post, editor: User, commit: Callable[..., Any]
) -> None:
    commit(states.post_publish, post=post, user=editor)
    commit(posts.post_update, post=post, user=editor, body="Whistles", tags=[])
    assert found(api) == []
    (row,) = found(api, "whistles")
    assert row["tags"] == {}


def test_entry_of_a_public_post_outlives_its_author(
    api: Client, post: Post, author: User, editor: User, commit: Callable[..., Any]
) -> None:
    commit(states.post_publish, post=post, user=editor)
    commit(user_delete, user=author)
    assert len(found(api)) == 1
