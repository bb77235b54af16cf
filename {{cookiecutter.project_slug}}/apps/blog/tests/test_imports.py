"""Import of posts from CSV files, by command and in the admin."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.urls import reverse

from apps.blog.models import Post
from apps.blog.tests.factories import PostFactory
from apps.users.tests.factories import StaffFactory, UserFactory
from apps.users.tests.helpers import browser_of

if TYPE_CHECKING:
    from pathlib import Path

    from apps.users.models import User

pytestmark = pytest.mark.django_db

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def writer(db: None) -> User:
    """Return a staff user that may write and import posts, but not publish them."""
    staff = StaffFactory.create()
    names = ("add_post", "change_post", "view_post")
    staff.user_permissions.set(Permission.objects.filter(codename__in=names))
    return staff


def run(folder: Path, text: str) -> None:
    path = folder / "posts.csv"
    path.write_text(text, encoding="utf-8")
    call_command("import_rows", "blog.Post", str(path))


def upload(user: User, text: str) -> list[str]:
    """Import in the admin; return the errors of the preview, or confirm it."""
    browser = browser_of(user)
    file = SimpleUploadedFile("posts.csv", text.encode())
    page = browser.post(reverse("admin:blog_post_import"), {"import_file": file, "format": "0"})
    if found := page.context["result"].invalid_rows:
        return [message for row in found for message in row.error.messages]
    assert not page.context["result"].has_errors()
    values = page.context["confirm_form"].initial
    assert browser.post(reverse("admin:blog_post_process_import"), values).status_code == 302
    return []


def test_imported_post_is_a_rendered_draft_with_revision(tmp_path: Path, author: User) -> None:
    run(tmp_path, f"title,body,author_id,status\nNew,*Hello*,{author.pk},published\n")
    post = Post.objects.get()
    assert (post.status, post.slug, post.author) == (Post.Status.DRAFT, "new", author)
    assert post.body_html == "<p><em>Hello</em></p>\n"
    assert post.revisions.count() == 1


def test_exported_posts_are_imported_unchanged(tmp_path: Path, capsys: Capture) -> None:
    PostFactory.create(title="=1", body="a;b\n'c")
    path = tmp_path / "rows.csv"
    call_command("export_rows", "blog.Post", output=path)
    call_command("import_rows", "blog.Post", str(path))
    assert capsys.readouterr().out == "0 new, 0 changed, 1 unchanged, 0 invalid.\n"


def test_import_reports_each_invalid_row_and_saves_none(
    tmp_path: Path, author: User, user: User, capsys: Capture
) -> None:
    published, deleted = PostFactory.create(author=author), PostFactory.create(author=author, status="draft")
    deleted.delete()
    rows = [
        f",ok,{author.pk},",
        f"{published.pk},x,{author.pk},{published.slug}",
        f"{deleted.pk},x,{author.pk},other",
        f",x,{author.pk},{deleted.slug}",
        f",x,{user.pk},",
        ",x,,",
    ]
    with pytest.raises(CommandError, match="Nothing was imported"):
        run(tmp_path, "\n".join(["id,body,author_id,slug,title", *(f"{row},title" for row in rows)]) + "\n")
    lines = capsys.readouterr().err.splitlines()
    assert [line.partition(": ")[0] for line in lines] == [
        "line 3, This is not possible in the current status of the post.",
        "line 4, This is not possible in the current status of the post.",
        "line 5, slug",
        "line 6, author_id",
        "line 7, author_id",
    ]
    assert not Post.objects.filter(body="ok").exists()


def test_staff_without_publish_permission_imports_own_posts_only(writer: User, author: User) -> None:
    own, other = PostFactory.create(author=writer, status="draft"), PostFactory.create(status="draft")
    denied = ["You do not have permission to perform this action."]
    assert upload(writer, "title,body\nMine,x\n") == []
    assert upload(writer, f"id,title\n{own.pk},Changed\n") == []
    assert upload(writer, f"id,title\n{other.pk},Changed\n") == denied
    assert upload(writer, f"title,body,author_id\nTheirs,x,{author.pk}\n") == denied
    assert upload(writer, f"id,author_id\n{own.pk},{author.pk}\n") == denied
    titles = Post.objects.filter(author=writer).order_by("title").values_list("title", flat=True)
    assert list(titles) == ["Changed", "Mine"]


def test_publisher_imports_posts_of_other_authors(writer: User, author: User) -> None:
    writer.user_permissions.add(Permission.objects.get(codename="publish_post"))
    assert upload(writer, f"title,body,author_id\nTheirs,x,{author.pk}\n") == []
    assert Post.objects.get().author == author
    # The author must have the permission to write posts.
    assert upload(writer, f"title,body,author_id\nx,x,{UserFactory.create().pk}\n") == [
        "The author does not have the permission to write posts."
    ]
