"""Routes of the blog API, and shortcuts to read its responses."""

from typing import Any

from django.urls import reverse

from apps.blog.models import Comment, Post
from conftest import Client

POSTS = reverse("v1:blog:post-list")
EDITORIAL = reverse("v1:blog:editorial-list")
COMMENTS = reverse("v1:blog:comment-list")
BOOKMARKS = reverse("v1:blog:bookmark-list")


def detail(post: Post, *parts: str | int) -> str:
    return "/".join([f"{POSTS}{post.slug}", *map(str, parts), ""])


def comment_url(comment: Comment, *parts: str) -> str:
    return "/".join([f"{COMMENTS}{comment.pk}", *parts, ""])


def slugs(client: Client, url: str = POSTS, **query: Any) -> list[str]:
    response = client.get(url, query)
    assert response.status_code == 200, response.content
    return [row["slug"] for row in response.json()["results"]]


def is_conflict(response: Any) -> bool:
    """Return whether the status of the post did not allow the request."""
    return bool(response.status_code == 409 and response.json()["type"] == "urn:problem:wrong_state")


def errors(response: Any) -> set[tuple[str, str]]:
    assert response.status_code == 400, response.content
    return {(error["field"], error["code"]) for error in response.json()["errors"]}
