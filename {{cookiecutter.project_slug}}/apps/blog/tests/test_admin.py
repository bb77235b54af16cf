"""Admin of posts and comments, by requests as a browser sends them."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client as Browser
from django.urls import reverse

from apps.blog.models import Category, Comment, Post, Tag
from apps.blog.tests.factories import CategoryFactory, CommentFactory, PostFactory
from apps.users.tests.factories import StaffFactory, SuperuserFactory
from apps.users.tests.helpers import browser_of

pytestmark = pytest.mark.django_db

CHANGES = "admin:blog_post_changelist"


@pytest.fixture
def root() -> Browser:
    return browser_of(SuperuserFactory.create())


def act(browser: Browser, action: str, *rows: Any, name: str = "post") -> str:
    body = {"action": action, "_selected_action": [str(row.pk) for row in rows]}
    response = browser.post(reverse(f"admin:blog_{name}_changelist"), body, follow=True)
    assert response.status_code == 200
    return response.content.decode()


def test_post_is_written_rendered_and_changed(root: Browser) -> None:
    body = {"title": "Title", "body": "*Hello* <script>"}
    assert root.post(reverse("admin:blog_post_add"), body).status_code == 302
    post = Post.objects.get()
    assert post.body_html == "<p><em>Hello</em> &lt;script&gt;</p>\n"
    assert (post.status, post.slug, post.author.is_superuser) == (Post.Status.DRAFT, "title", True)
    change = reverse("admin:blog_post_change", args=[post.pk])
    assert root.post(change, body | {"slug": post.slug, "body": "Other"}).status_code == 302
    post.refresh_from_db()
    assert post.body_html == "<p>Other</p>\n"
    assert post.revisions.count() == 2


def test_actions_call_the_services(root: Browser) -> None:
    post, other = PostFactory.create(status="draft"), PostFactory.create(status="archived")
    page = act(root, "submit", post, other)
    assert "Changed: 1." in page
    assert "Not changed, because of their status or your permissions: 1." in page
    for action, status in [("withdraw", "draft"), ("submit", "review"), ("publish", "published")]:
        act(root, action, post)
        post.refresh_from_db()
        assert post.status == status
    act(root, "archive", post)
    post.refresh_from_db()
    assert post.status == "archived"


def test_staff_without_the_permission_publish_nothing() -> None:
    staff = StaffFactory.create()
    staff.user_permissions.set(
        Permission.objects.filter(codename__in=["view_post", "change_post"], content_type__app_label="blog")
    )
    post = PostFactory.create(status="review")
    assert "Not changed" in act(browser_of(staff), "publish", post)
    post.refresh_from_db()
    assert post.status == "review"


def test_deleted_posts_are_listed_and_restored(root: Browser) -> None:
    post = PostFactory.create(status="draft")
    root.post(reverse("admin:blog_post_delete", args=[post.pk]), {"post": "yes"})
    post.refresh_from_db()
    assert post.deleted_at
    assert post.title in root.get(reverse(CHANGES), {"deleted_at__isempty": "0"}).content.decode()
    act(root, "restore", post)
    post.refresh_from_db()
    assert post.deleted_at is None


def test_comments_are_moderated(root: Browser) -> None:
    comment = CommentFactory.create(status="pending")
    act(root, "approve", comment, name="comment")
    assert Comment.objects.get().status == "approved"
    act(root, "reject", comment, name="comment")
    assert Comment.objects.get().status == "rejected"
    assert root.get(reverse("admin:blog_comment_add")).status_code == 403


def test_category_form_refuses_a_cycle(root: Browser) -> None:
    top = CategoryFactory.create()
    below = CategoryFactory.create(parent=top)
    body = {"name": top.name, "slug": top.slug, "parent": str(below.pk)}
    response = root.post(reverse("admin:blog_category_change", args=[top.pk]), body)
    assert response.status_code == 200
    assert "below itself" in response.content.decode()
    assert root.post(reverse("admin:blog_category_add"), {"name": "New"}).status_code == 302
    assert root.post(reverse("admin:blog_tag_add"), {"name": "New"}).status_code == 302
    assert Category.objects.get(name="New").slug == Tag.objects.get(name="New").slug == "new"


def test_posts_are_exported_as_csv(root: Browser) -> None:
    post = PostFactory.create(title="=1+1")
    body = {"action": "export_csv", "_selected_action": [str(post.pk)]}
    text = root.post(reverse(CHANGES), body).getvalue().decode()
    assert text.splitlines()[0].startswith('"id","slug","title"')
    assert '"\'=1+1"' in text


@pytest.mark.parametrize("name", ["post", "comment"])
def test_list_pages_have_a_constant_number_of_queries(
    root: Browser, name: str, django_assert_max_num_queries: Any
) -> None:
    for _ in range(15):
        CommentFactory.create(post=PostFactory.create(category=CategoryFactory.create()))
    with django_assert_max_num_queries(11):
        assert root.get(reverse(f"admin:blog_{name}_changelist")).status_code == 200
