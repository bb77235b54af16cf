"""Public reading: lists, filters, sparse fields, related posts, cached fragments, feed and sitemap."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.blog.models import Post
from apps.blog.services.states import post_move
from apps.blog.services.taxonomy import category_save
from apps.blog.tests.factories import (
    CategoryFactory,
    CommentFactory,
    PostFactory,
    ReactionFactory,
    TagFactory,
)
from apps.blog.tests.helpers import POSTS, detail, errors, slugs
from apps.users.tests.factories import UserFactory

if TYPE_CHECKING:
    from pytest_django import DjangoAssertNumQueries

    from apps.users.models import User
    from conftest import Client

pytestmark = pytest.mark.django_db

HIDDEN = [Post.Status.DRAFT, Post.Status.REVIEW, Post.Status.ARCHIVED]


def test_list_and_detail_show_published_posts_only(api: Client) -> None:
    shown = PostFactory.create()
    hidden = [PostFactory.create(status=status) for status in HIDDEN]
    hidden.append(PostFactory.create(deleted_at=timezone.now()))
    assert slugs(api) == [shown.slug]
    assert api.get(detail(shown)).status_code == 200
    assert {api.get(detail(post)).status_code for post in hidden} == {404}


def test_detail_shows_nested_rows_and_no_email(api: Client) -> None:
    author, category, tag = UserFactory.create(), CategoryFactory.create(), TagFactory.create()
    response = api.get(detail(PostFactory.create(author=author, category=category, tags=[tag])))
    body = response.json()
    assert body["author"] == {"id": str(author.pk), "name": f"{author.first_name} {author.last_name}"}
    assert body["category"] == {"slug": category.slug, "name": category.name}
    assert body["tags"] == [{"slug": tag.slug, "name": tag.name}]
    assert body["body_html"] == "<p>Some <em>text</em>.</p>"
    assert "body" not in body
    assert author.email not in response.content.decode()


@pytest.mark.parametrize("count", [1, 12])
def test_list_query_count_does_not_depend_on_length(
    api: Client, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(count):
        post = PostFactory.create(category=CategoryFactory.create(), tags=TagFactory.create_batch(2))
        CommentFactory.create(post=post)
        ReactionFactory.create(post=post)
    query = {"include": "comment_count,reactions,body_html"}
    # Posts with author and category, tags, comments, reactions.
    with django_assert_num_queries(4):
        rows = api.get(POSTS, query).json()["results"]
    assert [(row["comment_count"], row["reactions"]) for row in rows] == [(1, {"like": 1})] * count
    # From the cache, except the counts.
    with django_assert_num_queries(2):
        assert api.get(POSTS, query).json()["results"] == rows


def test_cached_pages_need_no_query(api: Client, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    post = PostFactory.create()
    pages = [POSTS, detail(post), reverse("blog-feed"), reverse("blog-sitemap")]
    pages.append(reverse("v1:blog:category-list"))
    before = [api.get(page).content for page in pages]
    with django_assert_num_queries(0):
        assert [api.get(page).content for page in pages] == before


def test_each_write_invalidates_the_cached_pages(
    api: Client, editor_api: Client, editor: User, django_capture_on_commit_callbacks: Any
) -> None:
    category, tag = CategoryFactory.create(), TagFactory.create()
    post = PostFactory.create(title="Old", slug="post", category=category, tags=[tag])

    def titles() -> list[Any]:
        page = api.get(detail(post))
        row = page.json() if page.status_code == 200 else {"title": None, "category": {}, "tags": []}
        return [row["title"], row["category"].get("name"), *(tag["name"] for tag in row["tags"])]

    assert titles() == ["Old", category.name, tag.name]
    editor_api.patch(detail(post), {"title": "New"})
    assert titles()[0] == "New"
    assert "New" in api.get(POSTS).content.decode()
    assert "New" in api.get(reverse("blog-feed")).content.decode()
    category.name, tag.name = "Other", "Another"
    with django_capture_on_commit_callbacks(execute=True):
        category_save(category=category)
        tag.save()
    assert titles() == ["New", "Other", "Another"]
    with django_capture_on_commit_callbacks(execute=True):
        post_move(post=post, user=editor, transition="archive")
    assert titles()[0] is None
    assert slugs(api) == []


def test_rolled_back_change_is_not_cached(api: Client, editor_api: Client) -> None:
    post = PostFactory.create(title="Old")
    assert editor_api.patch(detail(post), {"title": "New", "slug": "not a slug"}).status_code == 400
    assert api.get(detail(post)).json()["title"] == "Old"


def test_detail_has_an_etag_that_changes_with_the_post(api: Client, editor_api: Client) -> None:
    post = PostFactory.create()
    etag = api.get(detail(post))["ETag"]
    assert api.get(detail(post), HTTP_IF_NONE_MATCH=etag).status_code == 304
    editor_api.patch(detail(post), {"title": "New"})
    assert api.get(detail(post), HTTP_IF_NONE_MATCH=etag).status_code == 200


def test_fields_and_include_select_the_response(api: Client) -> None:
    post = PostFactory.create(tags=[TagFactory.create()])
    CommentFactory.create(post=post)
    CommentFactory.create(post=post, status="pending")
    ReactionFactory.create(post=post)
    row = api.get(detail(post), {"fields": "title", "include": "body,comment_count,reactions"}).json()
    assert row == {
        "id": str(post.pk),
        "title": post.title,
        "body": post.body,
        "comment_count": 1,
        "reactions": {"like": 1},
    }
    assert api.get(POSTS, {"fields": "slug"}).json()["results"] == [{"id": str(post.pk), "slug": post.slug}]


@pytest.mark.parametrize("query", [{"fields": "title,password"}, {"include": "author"}])
def test_unknown_field_is_rejected(api: Client, query: dict[str, str]) -> None:
    post = PostFactory.create()
    expected = {(name, "invalid_choice") for name in query}
    assert errors(api.get(POSTS, query)) == expected
    assert errors(api.get(detail(post), query)) == expected


def test_category_filter_includes_descendants(api: Client) -> None:
    top, aside = CategoryFactory.create_batch(2)
    middle = CategoryFactory.create(parent=top)
    below = CategoryFactory.create(parent=middle)
    inside, other = PostFactory.create(category=below), PostFactory.create(category=aside)
    assert slugs(api, category=top.slug) == [inside.slug]
    assert slugs(api, category=aside.slug) == [other.slug]
    assert slugs(api, category="unknown") == []
    parents = {row["slug"]: row["parent"] for row in api.get(reverse("v1:blog:category-list")).json()}
    assert (parents[below.slug], parents[top.slug]) == (middle.slug, None)


def test_posts_are_filtered_searched_and_ordered(api: Client) -> None:
    now, tag = timezone.now(), TagFactory.create()
    old = PostFactory.create(title="B needle", published_at=now - timedelta(days=2), tags=[tag])
    new = PostFactory.create(title="A", published_at=now - timedelta(days=1))
    assert slugs(api) == [new.slug, old.slug]
    assert slugs(api, ordering="published_at") == [old.slug, new.slug]
    assert slugs(api, ordering="title") == [new.slug, old.slug]
    assert slugs(api, tag=tag.slug) == [old.slug]
    assert slugs(api, author=str(new.author_id)) == [new.slug]
    assert slugs(api, search="needle") == [old.slug]
    assert slugs(api, published_after=(now - timedelta(days=1.5)).isoformat()) == [new.slug]


def test_pages_return_each_post_once(api: Client) -> None:
    PostFactory.create_batch(5, published_at=timezone.now())
    first = api.get(POSTS, {"page_size": 3}).json()
    second = api.get(first["next"]).json()
    assert len({row["id"] for row in first["results"] + second["results"]}) == 5
    assert second["next"] is None


def test_related_posts_share_tags_or_the_category(api: Client) -> None:
    tags, category = TagFactory.create_batch(2), CategoryFactory.create()
    post = PostFactory.create(tags=tags, category=category)
    both = PostFactory.create(tags=tags)
    one = PostFactory.create(tags=tags[:1])
    same = PostFactory.create(category=category)
    PostFactory.create(tags=tags, status=Post.Status.DRAFT)
    PostFactory.create()
    related = api.get(detail(post), {"include": "related"}).json()["related"]
    assert [row["slug"] for row in related] == [both.slug, one.slug, same.slug]


def test_tags_are_listed_and_searched(api: Client) -> None:
    tag, _other = TagFactory.create(name="Needle"), TagFactory.create()
    assert len(slugs(api, reverse("v1:blog:tag-list"))) == 2
    assert slugs(api, reverse("v1:blog:tag-list"), search="needle") == [tag.slug]


def test_feed_and_sitemap_link_to_the_web_application(api: Client) -> None:
    post = PostFactory.create(title="A & <b>", excerpt="An excerpt.")
    PostFactory.create(title="Hidden", status=Post.Status.DRAFT)
    link = f"https://app.example.com/blog/{post.slug}"
    feed, sitemap = api.get(reverse("blog-feed")), api.get(reverse("blog-sitemap"))
    assert feed["Content-Type"].startswith("application/rss+xml")
    text = feed.content.decode()
    assert f"<link>{link}</link>" in text
    assert "A &amp; &lt;b&gt;" in text
    assert "Hidden" not in text
    assert f"<loc>{link}</loc>" in sitemap.content.decode()
    assert sitemap.content.decode().count("<loc>") == 1
    assert api.get(reverse("blog-sitemap"), {"p": "2"}).status_code == 404
    assert api.get(reverse("blog-sitemap"), {"p": "x"}).status_code == 404
    assert api.post(reverse("blog-feed")).status_code == 405
