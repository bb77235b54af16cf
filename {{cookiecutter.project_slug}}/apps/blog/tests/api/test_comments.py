"""Comments in threads, their moderation and rate limit; reactions and bookmarks."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
import time_machine
from django.utils import timezone

from apps.blog.models import MAX_COMMENT, MAX_DEPTH, Bookmark, Comment, Post, Reaction
from apps.blog.services import comments
from apps.blog.tests.factories import (
    BookmarkFactory,
    CategoryFactory,
    CommentFactory,
    PostFactory,
    ReactionFactory,
    TagFactory,
)
from apps.blog.tests.helpers import BOOKMARKS, COMMENTS, comment_url, detail, errors

if TYPE_CHECKING:
    from pytest_django import DjangoAssertNumQueries, Settings

    from apps.users.models import User
    from conftest import Client

pytestmark = pytest.mark.django_db


def threads(client: Client, post: Post) -> list[dict[str, Any]]:
    response = client.get(detail(post, "comments"))
    assert response.status_code == 200
    rows: list[dict[str, Any]] = response.json()["results"]
    return rows


def test_comment_is_visible_after_approval(user_api: Client, editor_api: Client, api: Client) -> None:
    post = PostFactory.create()
    response = user_api.post(detail(post, "comments"), {"body": "Hello <b>"})
    assert response.status_code == 201
    assert (response.json()["status"], response.json()["body"]) == ("pending", "Hello <b>")
    assert threads(api, post) == []
    comment = Comment.objects.get()
    assert [row["id"] for row in editor_api.get(COMMENTS, {"status": "pending"}).json()["results"]] == [
        str(comment.pk)
    ]
    assert editor_api.post(comment_url(comment, "approve")).json()["status"] == "approved"
    assert [row["id"] for row in threads(api, post)] == [str(comment.pk)]
    assert editor_api.post(comment_url(comment, "reject")).json()["status"] == "rejected"
    assert threads(api, post) == []


def test_comments_of_author_and_moderators_need_no_approval(
    author_api: Client, editor_api: Client, author: User
) -> None:
    post = PostFactory.create(author=author)
    for client in (author_api, editor_api):
        assert client.post(detail(post, "comments"), {"body": "x"}).json()["status"] == "approved"


def test_strangers_neither_see_nor_moderate_comments(user_api: Client, api: Client) -> None:
    comment = CommentFactory.create(status="pending")
    assert user_api.get(COMMENTS).json()["results"] == []
    for name in ("approve", "reject"):
        assert user_api.post(comment_url(comment, name)).status_code == 404
    assert user_api.delete(comment_url(comment)).status_code == 404
    assert api.get(COMMENTS).status_code == 401
    assert api.post(detail(comment.post, "comments"), {"body": "x"}).status_code == 401


def test_own_comment_is_seen_and_not_approved_by_its_author(user_api: Client, user: User) -> None:
    comment = CommentFactory.create(author=user, status="pending")
    assert [row["post"] for row in user_api.get(COMMENTS).json()["results"]] == [comment.post.slug]
    assert user_api.get(comment_url(comment)).status_code == 200
    assert user_api.post(comment_url(comment, "approve")).status_code == 403


def test_replies_are_listed_in_their_thread(api: Client, editor_api: Client) -> None:
    first = CommentFactory.create()
    second = CommentFactory.create(post=first.post)
    url = detail(first.post, "comments")
    reply = editor_api.post(url, {"body": "reply", "parent": str(first.pk)}).json()
    below = editor_api.post(url, {"body": "below", "parent": reply["id"]}).json()
    CommentFactory.create(post=first.post, parent=first, status="pending")
    rows = threads(api, first.post)
    assert [row["id"] for row in rows] == [str(second.pk), str(first.pk)]
    assert [(row["id"], row["parent"], row["depth"]) for row in rows[1]["replies"]] == [
        (reply["id"], str(first.pk), 1),
        (below["id"], reply["id"], 2),
    ]


@pytest.mark.parametrize("count", [1, 8])
def test_thread_list_query_count_does_not_depend_on_length(
    api: Client, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    post = PostFactory.create()
    for thread in CommentFactory.create_batch(count, post=post):
        CommentFactory.create_batch(2, post=post, parent=thread)
    # The post with its tags, the threads, their replies.
    with django_assert_num_queries(4):
        rows = threads(api, post)
    assert [len(row["replies"]) for row in rows] == [2] * count


def test_depth_and_length_of_a_thread_are_bounded(
    editor_api: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    comment = first = CommentFactory.create()
    url = detail(first.post, "comments")
    for _ in range(MAX_DEPTH):
        comment = CommentFactory.create(post=first.post, parent=comment)
    body = {"body": "x", "parent": str(comment.pk)}
    assert errors(editor_api.post(url, body)) == {("parent", "too_deep")}
    monkeypatch.setattr(comments, "MAX_REPLIES", MAX_DEPTH)
    assert errors(editor_api.post(url, body | {"parent": str(first.pk)})) == {("parent", "too_many")}


def test_reply_needs_a_visible_comment_of_the_same_post(editor_api: Client) -> None:
    post = PostFactory.create()
    parents = [
        CommentFactory.create(),
        CommentFactory.create(post=post, status="pending"),
        CommentFactory.create(post=post, status="rejected"),
    ]
    for parent in parents:
        response = editor_api.post(detail(post, "comments"), {"body": "x", "parent": str(parent.pk)})
        assert errors(response) == {("parent", "does_not_exist")}


@pytest.mark.parametrize(
    ("body", "code"), [("", "blank"), (" ", "blank"), ("x" * (MAX_COMMENT + 1), "max_length")]
)
def test_invalid_comment_is_rejected(user_api: Client, body: str, code: str) -> None:
    response = user_api.post(detail(PostFactory.create(), "comments"), {"body": body})
    assert errors(response) == {("body", code)}


def test_comments_are_rate_limited_per_user(user_api: Client, editor_api: Client, settings: Settings) -> None:
    settings.THROTTLE_RATES = settings.THROTTLE_RATES | {"comment": "2/minute"}
    url = detail(PostFactory.create(), "comments")
    with time_machine.travel(timezone.now().replace(second=1) + timedelta(minutes=1), tick=False):
        statuses = [user_api.post(url, {"body": "x"}).status_code for _ in range(3)]
        assert statuses == [201, 201, 429]
        assert user_api.get(url).status_code == 200
        assert editor_api.post(url, {"body": "x"}).status_code == 201


def test_deleted_comment_keeps_its_replies(user_api: Client, api: Client, user: User) -> None:
    first = CommentFactory.create(author=user)
    reply = CommentFactory.create(post=first.post, parent=first)
    lonely = CommentFactory.create(post=first.post, author=user)
    for comment in (first, lonely):
        assert user_api.delete(comment_url(comment)).status_code == 204
    (row,) = threads(api, first.post)
    assert (row["id"], row["author"], row["body"]) == (str(first.pk), None, "")
    assert [each["id"] for each in row["replies"]] == [str(reply.pk)]


@pytest.mark.parametrize("verb", ["reject", "delete"])
def test_replies_stay_readable_when_the_comments_above_are_removed(
    api: Client, editor_api: Client, verb: str
) -> None:
    first = CommentFactory.create()
    middle = CommentFactory.create(post=first.post, parent=first)
    last = CommentFactory.create(post=first.post, parent=middle)
    unanswered = CommentFactory.create(post=first.post, parent=first)
    for comment in (middle, first, unanswered):
        removed = (
            editor_api.post(comment_url(comment, "reject"))
            if verb == "reject"
            else editor_api.delete(comment_url(comment))
        )
        assert removed.status_code in {200, 204}
    (row,) = threads(api, first.post)
    shown = [row, *row["replies"]]
    assert [(each["id"], each["body"], bool(each["author"])) for each in shown] == [
        (str(first.pk), "", False),
        (str(middle.pk), "", False),
        (str(last.pk), last.body, True),
    ]


def test_rejected_comment_without_visible_reply_is_hidden(api: Client) -> None:
    first = CommentFactory.create(status="rejected")
    CommentFactory.create(post=first.post, parent=first, status="pending")
    CommentFactory.create(post=first.post, parent=first, status="rejected")
    assert threads(api, first.post) == []


def test_text_of_rejected_comment_is_shown_to_its_author_and_moderators(
    user_api: Client, editor_api: Client, user: User
) -> None:
    comment = CommentFactory.create(author=user, status="rejected")
    for client in (user_api, editor_api):
        assert client.get(comment_url(comment)).json()["body"] == comment.body


def test_reaction_is_replaced_and_removed(user_api: Client, api: Client) -> None:
    post = PostFactory.create()
    ReactionFactory.create(post=post)

    def numbers() -> dict[str, int]:
        found: dict[str, int] = api.get(detail(post), {"include": "reactions"}).json()["reactions"]
        return found

    for kind in ("like", "love", "love"):
        assert user_api.put(detail(post, "reaction"), {"kind": kind}).status_code == 204
    assert numbers() == {"like": 1, "love": 1}
    assert user_api.delete(detail(post, "reaction")).status_code == 204
    assert numbers() == {"like": 1}
    assert errors(user_api.put(detail(post, "reaction"), {"kind": "hate"})) == {("kind", "invalid_choice")}
    assert api.put(detail(post, "reaction"), {"kind": "like"}).status_code == 401
    assert Reaction.objects.count() == 1


@pytest.mark.parametrize("count", [1, 6])
def test_bookmarks_are_own_public_and_listed_with_constant_queries(
    user_api: Client, user: User, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    posts = [
        PostFactory.create(category=CategoryFactory.create(), tags=[TagFactory.create()])
        for _ in range(count)
    ]
    for post in [*posts, posts[0]]:
        assert user_api.put(detail(post, "bookmark")).status_code == 204
    BookmarkFactory.create()
    BookmarkFactory.create(user=user, post=PostFactory.create(status=Post.Status.ARCHIVED))
    # Authentication, bookmarks with posts, tags.
    with django_assert_num_queries(3):
        rows = user_api.get(BOOKMARKS).json()["results"]
    assert {row["post"]["slug"] for row in rows} == {post.slug for post in posts}
    assert user_api.delete(detail(posts[0], "bookmark")).status_code == 204
    assert Bookmark.objects.filter(user=user, post__status="published").count() == count - 1
