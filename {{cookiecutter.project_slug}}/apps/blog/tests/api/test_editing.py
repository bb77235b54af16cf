"""Writing posts: permissions, states, rendering, revisions, cover images, deletion."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.core.files.storage import default_storage

from apps.blog.models import MAX_BODY, MAX_BRACKETS, Post
from apps.blog.services.posts import REVISIONS_KEPT
from apps.blog.tests.factories import CategoryFactory, PostFactory, TagFactory
from apps.blog.tests.helpers import EDITORIAL, POSTS, detail, errors, is_conflict, slugs
from apps.users.tests.images import exif_of, picture, upload

if TYPE_CHECKING:
    from apps.users.models import User
    from conftest import Client

pytestmark = pytest.mark.django_db

DRAFT = {"title": "First post", "body": "Hello *world*."}
Status = Post.Status
VERBS = [
    ("get", ()),
    ("patch", ()),
    ("delete", ()),
    ("get", ("revisions",)),
    ("get", ("revisions", 1)),
    ("post", ("revisions", 1)),
    ("get", ("cover",)),
    ("delete", ("cover",)),
    ("get", ("comments",)),
    ("post", ("comments",)),
    ("put", ("reaction",)),
    ("delete", ("reaction",)),
    ("put", ("bookmark",)),
    ("delete", ("bookmark",)),
    ("post", ("restore",)),
    *(("post", (name,)) for name in ("submit", "withdraw", "publish", "archive", "reopen")),
]


def test_author_creates_changes_and_deletes_a_draft(author_api: Client, author: User) -> None:
    category, tags = CategoryFactory.create(), TagFactory.create_batch(2)
    body = DRAFT | {"category": category.slug, "tags": [tag.slug for tag in tags]}
    response = author_api.post(POSTS, body)
    assert response.status_code == 201, response.content
    row = response.json()
    assert (row["slug"], row["status"], row["published_at"]) == ("first-post", "draft", None)
    assert row["body_html"] == "<p>Hello <em>world</em>.</p>\n"
    assert (row["category"]["slug"], len(row["tags"])) == (category.slug, 2)
    post = Post.objects.get()
    assert post.author == author
    assert author_api.get(detail(post), {"include": "body"}).json() == row

    changed = author_api.patch(detail(post), {"title": "Other", "tags": [], "category": None}).json()
    assert (changed["title"], changed["slug"], changed["body"]) == ("Other", "first-post", DRAFT["body"])
    assert (changed["category"], changed["tags"]) == (None, [])

    assert author_api.delete(detail(post)).status_code == 204
    assert author_api.get(detail(post)).status_code == 404
    assert slugs(author_api, EDITORIAL) == []
    assert author_api.post(detail(post, "restore")).json()["status"] == "draft"
    assert slugs(author_api, EDITORIAL) == [post.slug]


def test_writing_needs_a_login_and_the_permission(api: Client, user_api: Client) -> None:
    assert api.post(POSTS, DRAFT).status_code == 401
    assert user_api.post(POSTS, DRAFT).status_code == 403
    assert not Post.objects.exists()


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"title": ""}, ("title", "blank")),
        ({"slug": "no slug"}, ("slug", "invalid")),
        ({"slug": "taken"}, ("slug", "unique")),
        ({"category": "unknown"}, ("category", "does_not_exist")),
        ({"tags": ["unknown"]}, ("tags", "does_not_exist")),
        ({"tags": ["a"] * 11}, ("tags", "max_length")),
        ({"body": "x" * (MAX_BODY + 1)}, ("body", "max_length")),
        ({"body": "[" * (MAX_BRACKETS + 1)}, ("body", "too_many_brackets")),
        ({"body": ""}, ("body", "blank")),
    ],
)
def test_invalid_post_is_rejected(author_api: Client, change: dict[str, Any], error: tuple[str, str]) -> None:
    PostFactory.create(slug="taken")
    assert errors(author_api.post(POSTS, DRAFT | change)) == {error}


@pytest.mark.parametrize("status", [Status.DRAFT, Status.REVIEW, Status.ARCHIVED])
@pytest.mark.parametrize(("method", "parts"), VERBS)
def test_unpublished_post_does_not_exist_for_strangers(
    user_api: Client, status: str, method: str, parts: tuple[str, ...]
) -> None:
    post = PostFactory.create(status=status)
    body = {"put": {"kind": "like"}, "post": {"body": "x"}}.get(method, {})
    assert getattr(user_api, method)(detail(post, *parts), body).status_code == 404


@pytest.mark.parametrize(("method", "parts"), VERBS)
def test_unpublished_post_is_not_shown_to_anonymous_clients(
    api: Client, method: str, parts: tuple[str, ...]
) -> None:
    post = PostFactory.create(status=Status.DRAFT)
    assert getattr(api, method)(detail(post, *parts)).status_code in {401, 404}


@pytest.mark.parametrize(
    ("method", "parts"),
    [("patch", ()), ("delete", ()), ("delete", ("cover",)), ("get", ("revisions",)), ("post", ("archive",))],
)
def test_published_post_of_another_author_is_read_only(
    author_api: Client, method: str, parts: tuple[str, ...]
) -> None:
    post = PostFactory.create()
    assert getattr(author_api, method)(detail(post, *parts)).status_code == 403
    post.refresh_from_db()
    assert (post.status, post.deleted_at) == (Status.PUBLISHED, None)


def test_post_passes_all_states(author_api: Client, editor_api: Client, api: Client, author: User) -> None:
    post = PostFactory.create(author=author, status=Status.DRAFT)

    def send(client: Client, name: str) -> int:
        return client.post(detail(post, name)).status_code

    assert send(author_api, "submit") == 200
    # An author changes drafts only, and does not publish.
    assert is_conflict(author_api.patch(detail(post), {"title": "x"}))
    assert send(author_api, "publish") == 403
    assert send(editor_api, "withdraw") == 200
    assert send(author_api, "submit") == 200
    assert send(editor_api, "publish") == 200
    assert api.get(detail(post)).json()["status"] == "published"
    assert send(author_api, "archive") == 200
    assert api.get(detail(post)).status_code == 404
    assert send(author_api, "reopen") == 200
    assert author_api.get(detail(post)).json()["status"] == "draft"


@pytest.mark.parametrize(
    ("transition", "source"),
    [
        ("submit", Status.DRAFT),
        ("withdraw", Status.REVIEW),
        ("publish", Status.REVIEW),
        ("archive", Status.PUBLISHED),
        ("reopen", Status.ARCHIVED),
    ],
)
def test_transition_is_refused_in_other_states(editor_api: Client, transition: str, source: str) -> None:
    for status in set(Status.values) - {source}:
        post = PostFactory.create(status=status)
        assert is_conflict(editor_api.post(detail(post, transition)))
        post.refresh_from_db()
        assert post.status == status


def test_slug_of_deleted_post_is_taken(author_api: Client) -> None:
    post = PostFactory.create()
    post.delete()
    assert errors(author_api.post(POSTS, DRAFT | {"slug": post.slug})) == {("slug", "unique")}


def test_editor_changes_post_whose_author_was_deleted(editor_api: Client) -> None:
    post = PostFactory.create(author=None)
    assert editor_api.patch(detail(post), {"title": "x"}).status_code == 200


def test_editor_changes_posts_of_all_authors_in_every_state(editor_api: Client) -> None:
    for status in Status.values:
        post = PostFactory.create(status=status)
        assert editor_api.patch(detail(post), {"title": "New"}).json()["title"] == "New"


def test_editorial_list_has_own_posts_and_for_editors_all(
    author_api: Client, editor_api: Client, api: Client, author: User
) -> None:
    own = PostFactory.create(author=author, status=Status.DRAFT)
    other = PostFactory.create(status=Status.REVIEW)
    assert slugs(author_api, EDITORIAL) == [own.slug]
    assert slugs(editor_api, EDITORIAL) == [other.slug, own.slug]
    assert slugs(editor_api, EDITORIAL, status="review") == [other.slug]
    assert slugs(editor_api, EDITORIAL, author=str(author.pk)) == [own.slug]
    assert api.get(EDITORIAL).status_code == 401


@pytest.mark.parametrize(
    ("markdown", "absent"),
    [
        ("<script>alert(1)</script>", "<script"),
        ("<img src=x onerror=alert(1)>", "<img"),
        ("[a](javascript:alert(1))", "href"),
        ("[a](JaVaScRiPt&colon;alert(1))", 'href="J'),
        ("[a](data:text/html;base64,PHNjcmlwdD4=)", "href"),
        ("![a](data:image/svg+xml;base64,PHN2Zz4=)", "src"),
        ("[a](vbscript:x)", "href"),
        ('[a](/x "\\" onmouseover=alert(1) b=\\"")', 'onmouseover="'),
        ("<svg/onload=alert(1)>", "<svg"),
        ("<javascript:alert(1)>", "href"),
        ('```"><script>\nx\n```', "<script"),
    ],
)
def test_html_and_scripts_in_markdown_are_harmless(author_api: Client, markdown: str, absent: str) -> None:
    row = author_api.post(POSTS, DRAFT | {"body": markdown}).json()
    assert row["body"] == markdown
    assert absent not in row["body_html"]


def test_markdown_keeps_formatting(author_api: Client) -> None:
    text = (
        "# T\n\n[a](https://example.com)\n\n|a|\n|-|\n|b|\n\n```py\nx\n```\n\n![i](https://example.com/i.png)"
    )
    html = author_api.post(POSTS, DRAFT | {"body": text}).json()["body_html"]
    for part in ("<h1>", 'rel="noopener noreferrer"', "<table>", 'class="language-py"', "<img src="):
        assert part in html


@pytest.mark.parametrize("unit", ["*a ", "> - ", "|a", "<"])
def test_hostile_markdown_of_full_size_is_rendered_within_bounds(author_api: Client, unit: str) -> None:
    text = (unit * MAX_BODY)[: MAX_BODY - 1] + "x"
    row = author_api.post(POSTS, DRAFT | {"body": text}).json()
    assert len(row["body_html"]) < 10 * MAX_BODY


@pytest.mark.parametrize(("words", "minutes"), [(1, 1), (200, 1), (201, 2), (1000, 5)])
def test_reading_time_follows_from_the_words(author_api: Client, words: int, minutes: int) -> None:
    row = author_api.post(POSTS, DRAFT | {"body": "word " * words}).json()
    assert row["reading_minutes"] == minutes


def test_changed_texts_become_revisions_that_can_be_restored(author_api: Client) -> None:
    author_api.post(POSTS, DRAFT | {"body": "one\ntwo"})
    post = Post.objects.get()
    author_api.patch(detail(post), {"body": "one\n2"})
    author_api.patch(detail(post), {"seo_title": "No text of a revision"})
    numbers = [row["number"] for row in author_api.get(detail(post, "revisions")).json()]
    assert numbers == [2, 1]
    revision = author_api.get(detail(post, "revisions", 2)).json()
    assert revision["diff"].splitlines()[-2:] == ["-two", "+2"]

    assert author_api.post(detail(post, "revisions", 1)).json()["body"] == "one\ntwo"
    assert post.revisions.count() == 3
    assert author_api.get(detail(post, "revisions", 99)).status_code == 404


def test_oldest_revisions_are_deleted(author_api: Client) -> None:
    author_api.post(POSTS, DRAFT)
    post = Post.objects.get()
    post.revisions.update(number=REVISIONS_KEPT)
    author_api.patch(detail(post), {"body": "other"})
    assert [row["number"] for row in author_api.get(detail(post, "revisions")).json()] == [
        REVISIONS_KEPT + 1,
        REVISIONS_KEPT,
    ]
    post.revisions.filter(number=REVISIONS_KEPT).update(number=1)
    author_api.patch(detail(post), {"body": "another"})
    assert post.revisions.filter(number=1).count() == 0


def test_cover_is_re_encoded_and_public_with_the_post(author_api: Client, api: Client, author: User) -> None:
    post = PostFactory.create(author=author, status=Status.DRAFT)
    url = detail(post, "cover")
    content = picture("JPEG", size=(2000, 1000), exif=exif_of("Ada Lovelace"))
    assert author_api.put(url, {"cover": upload(content, "me.jpg")}, format="multipart").status_code == 204
    response = author_api.get(url)
    image = response.getvalue()
    assert image[8:12] == b"WEBP"
    assert b"Ada" not in image
    assert author_api.get(url, HTTP_IF_NONE_MATCH=response["ETag"]).status_code == 304
    assert author_api.get(detail(post)).json()["cover"] == url
    assert api.get(url).status_code == 404

    Post.objects.update(status=Status.PUBLISHED)
    assert api.get(url).status_code == 200
    Post.objects.update(status=Status.DRAFT)
    assert author_api.delete(url).status_code == 204
    assert author_api.get(url).status_code == 404
    assert default_storage.listdir("covers")[1] == []


@pytest.mark.parametrize("content", [b"", b"<svg/>", picture()[:40]])
def test_invalid_cover_is_rejected(author_api: Client, author: User, content: bytes) -> None:
    post = PostFactory.create(author=author, status=Status.DRAFT)
    response = author_api.put(detail(post, "cover"), {"cover": upload(content, "me.png")}, format="multipart")
    assert {field for field, _code in errors(response)} == {"cover"}
