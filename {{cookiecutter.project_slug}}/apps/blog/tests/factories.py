from datetime import timedelta

import factory
from django.contrib.auth.models import Group, Permission
from django.utils import timezone
from factory.django import DjangoModelFactory

from apps.blog.models import Bookmark, Category, Comment, Post, Reaction, Tag
from apps.blog.services.posts import post_save
from apps.users.models import User
from apps.users.tests.factories import UserFactory

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


def seed(*, authors: list[User], posts: int = 20) -> None:
    """Create groups, categories, tags, posts in every state, comments and reactions; does nothing twice."""
    group_of("Authors", "add_post")
    editors = group_of("Editors", *PERMISSIONS)
    if Post.all_objects.exists():
        return
    authors[0].groups.add(editors)
    top = Category.objects.create(name="Engineering")
    categories = [top, Category.objects.create(name="Databases", parent=top)]
    tags = [Tag.objects.create(name=name) for name in ("Django", "PostgreSQL", "Testing")]
    states = [Post.Status.PUBLISHED] * 4 + [Post.Status.DRAFT, Post.Status.REVIEW, Post.Status.ARCHIVED]
    for number in range(1, posts + 1):
        author = authors[number % len(authors)]
        post = Post(
            title=f"Notes on the service layer, part {number}",
            excerpt="Views validate, services write, selectors read.",
            body=f"## Part {number}\n\nServices raise errors of the domain:\n\n- no HTTP\n- *no* requests\n",
            category=categories[number % 2],
            author=author,
            status=states[number % len(states)],
            published_at=timezone.now() - timedelta(days=posts - number),
        )
        post_save(post=post, editor=author)
        post.tags.set(tags[: 1 + number % 3])
        if post.status == Post.Status.PUBLISHED:
            first = CommentFactory.create(post=post, author=authors[0], body="Which layer validates?")
            CommentFactory.create(post=post, author=author, parent=first, body="The service.")
            CommentFactory.create(post=post, author=authors[-1], status="pending", body="Buy now!")
            ReactionFactory.create(post=post, user=authors[0])
