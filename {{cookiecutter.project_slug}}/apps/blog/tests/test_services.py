"""Scheduled publication, categories, personal data, seed data."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import StringIO
from threading import Barrier, Thread
from typing import TYPE_CHECKING

import pytest
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.db import connection, transaction
from django.urls import reverse
from django.utils import timezone

from apps.blog.exceptions import WrongState
from apps.blog.models import Bookmark, Category, Comment, Post, Reaction, Tag
from apps.blog.services.comments import comment_create, comment_delete
from apps.blog.services.posts import post_restore, post_save
from apps.blog.services.states import post_publish, posts_publish_due
from apps.blog.services.taxonomy import category_save
from apps.blog.signals import post_published
from apps.blog.tests.factories import (
    SAMPLES,
    BookmarkFactory,
    CategoryFactory,
    CommentFactory,
    PostFactory,
    ReactionFactory,
    TagFactory,
    seed,
)
from apps.blog.tests.helpers import detail, slugs
from apps.users.services.accounts import user_delete

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_django import DjangoCaptureOnCommitCallbacks

    from apps.users.models import User
    from conftest import Client

pytestmark = pytest.mark.django_db

Status = Post.Status


@pytest.fixture
def published() -> Iterator[list[Post]]:
    """Return the list of publications that other apps learn of."""
    posts: list[Post] = []

    def remember(post: Post, **_kwargs: object) -> None:
        posts.append(post)

    post_published.connect(remember)
    yield posts
    post_published.disconnect(remember)


def scheduled(**since: int) -> Post:
    post: Post = PostFactory.create(status=Status.REVIEW, publish_at=timezone.now() - timedelta(**since))
    return post


def publish_posts() -> str:
    output = StringIO()
    call_command("publish_posts", stdout=output)
    return output.getvalue().strip()


def test_scheduled_post_is_published_once_when_it_is_due(
    api: Client, editor_api: Client, published: list[Post]
) -> None:
    post, due = PostFactory.create(status=Status.REVIEW), timezone.now() + timedelta(hours=1)
    row = editor_api.post(detail(post, "publish"), {"publish_at": due.isoformat()}).json()
    assert row["status"] == "review"
    assert publish_posts() == "0 posts published."

    Post.objects.update(publish_at=due - timedelta(hours=2))
    assert slugs(api) == []
    assert publish_posts() == "1 posts published."
    assert publish_posts() == "0 posts published."
    post.refresh_from_db()
    assert (post.status, post.publish_at, post.published_at) == (
        Status.PUBLISHED,
        None,
        due - timedelta(hours=2),
    )
    assert published == [post]


def test_published_post_appears_in_the_cached_list(
    api: Client, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    post = scheduled(seconds=1)
    assert slugs(api) == []
    with django_capture_on_commit_callbacks(execute=True):
        posts_publish_due()
    assert slugs(api) == [post.slug]


def test_withdrawn_or_deleted_post_is_not_published(editor_api: Client) -> None:
    withdrawn, deleted = scheduled(hours=1), scheduled(hours=1)
    editor_api.post(detail(withdrawn, "withdraw"))
    editor_api.delete(detail(deleted))
    assert posts_publish_due() == 0


@pytest.mark.django_db(transaction=True)
def test_concurrent_runs_publish_each_post_once(published: list[Post]) -> None:
    posts = [scheduled(minutes=number) for number in range(1, 6)]
    start, counts = Barrier(4), list[int]()

    def run() -> None:
        try:
            start.wait(30)
            counts.append(posts_publish_due())
        finally:
            connection.close()

    threads = [Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert (len(counts), sum(counts)) == (4, 5)
    assert sorted(post.pk for post in published) == sorted(post.pk for post in posts)


@pytest.mark.skipif(connection.vendor != "postgresql", reason="DATABASE_URL names no PostgreSQL")
@pytest.mark.django_db(transaction=True)
def test_comment_that_is_answered_and_deleted_concurrently_keeps_the_reply(editor: User) -> None:
    comment = CommentFactory.create()

    def delete() -> None:
        try:
            comment_delete(comment=comment, user=editor)
        finally:
            connection.close()

    with ThreadPoolExecutor() as pool:
        with transaction.atomic():
            reply = comment_create(post=comment.post, author=editor, body="Hello", parent=comment.pk)
            deletion = pool.submit(delete)
            with connection.cursor() as cursor:
                blocked = "SELECT 1 FROM pg_locks WHERE pg_backend_pid() = ANY(pg_blocking_pids(pid))"
                while not cursor.execute(blocked).fetchall():
                    assert not deletion.done()
        deletion.result()
    comment.refresh_from_db()
    assert (comment.author, comment.body) == (None, "")
    assert comment.answers.get() == reply


def test_failed_receiver_keeps_the_post_scheduled() -> None:
    post = scheduled(hours=1)

    def fail(**_kwargs: object) -> None:
        raise RuntimeError

    post_published.connect(fail)
    try:
        with pytest.raises(RuntimeError):
            posts_publish_due()
    finally:
        post_published.disconnect(fail)
    post.refresh_from_db()
    assert post.status == Status.REVIEW
    assert posts_publish_due() == 1


def test_change_keeps_a_concurrent_publication(editor: User) -> None:
    post = PostFactory.create(status=Status.REVIEW)
    stale = Post.objects.get(pk=post.pk)
    post_publish(post=post, user=editor)
    stale.title = "New"
    post_save(post=stale, editor=editor)
    post.refresh_from_db()
    assert (post.title, post.status) == ("New", Status.PUBLISHED)


def test_second_restoration_keeps_the_status(editor: User) -> None:
    post = PostFactory.create(status="draft", author=editor)
    post.delete()
    stale = Post.all_objects.get()
    post_restore(post=Post.all_objects.get(), user=editor)
    Post.objects.update(status="review")
    with pytest.raises(WrongState):
        post_restore(post=stale, user=editor)
    assert Post.objects.get().status == "review"


def test_category_below_itself_is_refused() -> None:
    top = CategoryFactory.create()
    below = CategoryFactory.create(parent=CategoryFactory.create(parent=top))
    for parent in (top, below):
        top.parent = parent
        with pytest.raises(ValidationError) as error:
            category_save(category=top)
        assert error.value.error_dict["parent"][0].code == "cycle"


def test_cycle_in_the_database_ends_no_request(api: Client) -> None:
    first = CategoryFactory.create()
    second = CategoryFactory.create(parent=first)
    Category.objects.filter(pk=first.pk).update(parent=second)
    post = PostFactory.create(category=first)
    assert slugs(api, category=second.slug) == [post.slug]
    with pytest.raises(ValidationError):
        CategoryFactory.create(parent=first).clean()


def test_account_deletion_keeps_public_posts_and_replies_without_author(
    user: User, api: Client, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    public = PostFactory.create(author=user)
    public.revisions.create(number=1, editor=user, title="x", body="x")
    name = default_storage.save("covers/a.webp", ContentFile(b"x"))
    for values in ({"status": Status.DRAFT, "cover": name}, {"deleted_at": timezone.now()}):
        PostFactory.create(author=user, **values)
    comment = CommentFactory.create(author=user, post=public)
    reply = CommentFactory.create(post=public, parent=comment)
    CommentFactory.create(author=user)
    ReactionFactory.create(user=user)
    BookmarkFactory.create(user=user)
    others = PostFactory.create(status=Status.DRAFT)
    assert api.get(detail(public)).json()["author"]["name"] == f"{user.first_name} {user.last_name}"

    with django_capture_on_commit_callbacks(execute=True):
        user_delete(user=user)

    assert api.get(detail(public)).json()["author"] is None
    assert set(Post.all_objects.filter(status=Status.DRAFT)) == {others}
    assert not Post.all_objects.exclude(deleted_at=None).exists()
    assert public.revisions.get().editor is None
    assert set(Comment.objects.values_list("pk", "author", "body")) == {
        (comment.pk, None, ""),
        (reply.pk, reply.author_id, reply.body),
    }
    assert not Reaction.objects.exists()
    assert not Bookmark.objects.exists()
    assert not default_storage.exists(name)


def test_data_export_lists_rows_of_the_blog(user_api: Client, user: User) -> None:
    posts = [PostFactory.create(author=user, tags=[TagFactory.create()]) for _ in range(2)]
    CommentFactory.create(author=user, post=posts[0], body="Mine")
    ReactionFactory.create(user=user, post=posts[0])
    BookmarkFactory.create(user=user, post=posts[0])
    export = user_api.get(reverse("v1:users:export")).json()
    assert {row["title"] for row in export["blog.Post"]} == {post.title for post in posts}
    assert [row["body"] for row in export["blog.Comment"]] == ["Mine"]
    assert (len(export["blog.Reaction"]), len(export["blog.Bookmark"])) == (1, 1)


def test_seed_creates_posts_in_every_state_once(user: User, api: Client) -> None:
    assert list(seed(user))
    assert list(seed(user)) == []
    assert Post.objects.count() == SAMPLES
    assert set(Post.objects.values_list("status", flat=True)) == set(Status.values)
    assert len(slugs(api)) == 8
    assert Tag.objects.count() == 3
