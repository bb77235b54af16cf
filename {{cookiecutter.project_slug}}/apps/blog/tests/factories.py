from collections.abc import Iterator
from datetime import timedelta

import factory
from django.contrib.auth.models import Group, Permission
from django.db.models import Model
from django.utils import timezone
from factory.django import DjangoModelFactory

from apps.blog.models import Bookmark, Category, Comment, Post, Reaction, Tag
from apps.blog.services.posts import post_save
from apps.users.models import User
from apps.users.tests.factories import UserFactory

SAMPLES = 14
PERMISSIONS = ("add_post", "change_post", "publish_post", "moderate_comment")


class CategoryFactory(DjangoModelFactory[Category]):
    class Meta:
        model = Category

    name = factory.Sequence(lambda number: f"Category {number}.")


class TagFactory(DjangoModelFactory[Tag]):
    class Meta:
        model = Tag

    name = factory.Sequence(lambda number: f"Tag {number}.")


class PostFactory(DjangoModelFactory[Post]):
    """A published post. Its HTML is not rendered."""

    class Meta:
        model = Post
        skip_postgeneration_save = True

    title = factory.Sequence(lambda number: f"Post {number}.")
    body = "Some *text*."
    body_html = "<p>Some <em>text</em>.</p>"
    status = Post.Status.PUBLISHED
    author = factory.SubFactory(UserFactory)

    tags = factory.PostGeneration(lambda post, _create, tags, **_kwargs: post.tags.set(tags or ()))


class CommentFactory(DjangoModelFactory[Comment]):
    """A visible comment; with `parent`, a reply."""

    class Meta:
        model = Comment

    post = factory.SubFactory(PostFactory)
    author = factory.SubFactory(UserFactory)
    body = factory.Sequence(lambda number: f"Comment {number}.")
    status = Comment.Status.APPROVED
    depth = factory.LazyAttribute(lambda row: row.parent.depth + 1 if row.parent else 0)
    thread = factory.LazyAttribute(lambda row: row.parent and (row.parent.thread or row.parent))
    parent = None


class ReactionFactory(DjangoModelFactory[Reaction]):
    class Meta:
        model = Reaction

    post = factory.SubFactory(PostFactory)
    user = factory.SubFactory(UserFactory)
    kind = Reaction.Kind.LIKE


class BookmarkFactory(DjangoModelFactory[Bookmark]):
    class Meta:
        model = Bookmark

    post = factory.SubFactory(PostFactory)
    user = factory.SubFactory(UserFactory)


def group_of(name: str, *permissions: str) -> Group:
    """Return a group with permissions of the blog."""
    group, _created = Group.objects.get_or_create(name=name)
    group.permissions.set(Permission.objects.filter(content_type__app_label="blog", codename__in=permissions))
    return group


def seed(account: User) -> Iterator[Model]:
    """Create sample content for `make seed`: groups, categories, tags, posts in every state, comments."""
    if Post.all_objects.filter(author=account).exists():
        return
    account.groups.add(group_of("Authors", "add_post"), group_of("Editors", *PERMISSIONS))
    top = CategoryFactory.create(name="Engineering")
    categories = [top, CategoryFactory.create(name="Databases", parent=top)]
    tags = [TagFactory.create(name=name) for name in ("Django", "PostgreSQL", "Testing")]
    reader = UserFactory.create(first_name="Grace", last_name="Reader")
    yield from [*categories, *tags, reader]
    states = [*[Post.Status.PUBLISHED] * 4, Post.Status.DRAFT, Post.Status.REVIEW, Post.Status.ARCHIVED]
    for number in range(SAMPLES):
        post = Post(
            title=f"Notes on the service layer, part {number + 1}",
            excerpt="Views validate, services write, selectors read.",
            body=f"## Part {number + 1}\n\nServices raise domain errors:\n\n- no HTTP\n- *no* requests\n",
            category=categories[number % 2],
            author=account,
            status=states[number % len(states)],
            published_at=timezone.now() - timedelta(days=SAMPLES - number),
        )
        post_save(post=post, editor=account)
        post.tags.set(tags[: 1 + number % 3])
        yield post
        if post.status == Post.Status.PUBLISHED:
            first = CommentFactory.create(post=post, author=reader, body="Which layer validates?")
            yield first
            yield CommentFactory.create(post=post, author=account, parent=first, body="The service.")
            yield CommentFactory.create(post=post, author=reader, status="pending", body="Buy now!")
            yield ReactionFactory.create(post=post, user=reader)
