"""Notifications of the blog."""

import pytest
from django.utils.translation import gettext, override
from pytest_django import Settings

from apps.blog.services.comments import comment_create, comment_moderate
from apps.blog.services.states import post_publish
from apps.blog.tests.factories import CommentFactory, PostFactory
from apps.notifications.models import Notification
from apps.users.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _kinds(settings: Settings) -> None:
    settings.NOTIFICATION_KINDS = {"blog": ("in_app",)}


def notifications() -> list[tuple[User, str]]:
    return [(row.user, row.title) for row in Notification.objects.order_by("created_at")]


def test_author_is_notified_of_publication_and_approved_comments(
    author: User, user: User, editor: User
) -> None:
    post = PostFactory.create(author=author, status="review", title="T")
    post_publish(post=post, user=editor)
    comment = comment_create(post=post, author=user, body="Hello")
    assert notifications() == [(author, "Your post is published: T")]
    for _ in range(2):
        comment_moderate(comment=comment, user=editor, status="approved")
    assert notifications()[1:] == [(author, "New comment on your post: T")]
    assert Notification.objects.latest("created_at").body == "Hello"


@pytest.mark.usefixtures("_german")
def test_title_is_in_the_language_of_the_author(author: User, editor: User) -> None:
    author.language = "de"
    author.save()
    post_publish(post=PostFactory.create(author=author, status="review", title="T"), user=editor)
    with override("de"):
        assert notifications() == [(author, gettext("Your post is published: %(title)s") % {"title": "T"})]
    assert notifications()[0][1] != "Your post is published: T"


def test_own_rejected_and_orphaned_comments_send_no_notification(author: User, editor: User) -> None:
    comment_create(post=PostFactory.create(author=author), author=author, body="Mine")
    comment_moderate(comment=CommentFactory.create(status="pending"), user=editor, status="rejected")
    comment_create(post=PostFactory.create(author=None), author=editor, body="x")
    assert notifications() == []


def test_long_title_is_cut(author: User, editor: User) -> None:
    post_publish(post=PostFactory.create(author=author, status="review", title="x" * 200), user=editor)
    assert len(Notification.objects.get().title) == 200
