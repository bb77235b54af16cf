from collections.abc import Callable
from functools import partial
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.blog.exceptions import NotAllowed, WrongState
from apps.blog.models import Category, Comment, Post, Tag
from apps.blog.services import comments, imports, posts, states, taxonomy
from apps.core.admin import CSVAdmin, CSVExportMixin


def run(request: HttpRequest, rows: QuerySet[Any], service: Callable[..., object]) -> None:
    """Call a service for each row, and report how many rows it refused."""
    parameter = rows.model._meta.model_name  # noqa: SLF001 - Django's documented Options API
    done = refused = 0
    for row in rows:
        try:
            service(**{parameter: row}, user=request.user)
            done += 1
        except (NotAllowed, WrongState):
            refused += 1
    messages.success(request, _("Changed: %(count)d.") % {"count": done})
    if refused:
        text = _("Not changed, because of their status or your permissions: %(count)d.")
        messages.warning(request, text % {"count": refused})


@admin.register(Category)
class CategoryAdmin(CSVExportMixin, admin.ModelAdmin):
    list_display = ("name", "slug", "parent")
    list_select_related = ("parent",)
    search_fields = ("name", "slug")
    autocomplete_fields = ("parent",)
    export_fields = ("id", "slug", "name", "description", "parent__slug")

    def save_model(self, request: HttpRequest, obj: Category, form: forms.ModelForm, change: bool) -> None:  # noqa: FBT001 - Django's signature
        taxonomy.category_save(category=obj)


@admin.register(Tag)
class TagAdmin(CSVExportMixin, admin.ModelAdmin):
    list_display = ("name", "slug")
    search_fields = ("name", "slug")
    export_fields = ("id", "slug", "name")


@admin.register(Post)
class PostAdmin(CSVAdmin):
    """Admin of posts, which also lists deleted ones. Its actions call the services of the API."""

    list_display = ("title", "author", "category", "status", "published_at", "publish_at", "deleted_at")
    list_filter = ("status", ("deleted_at", admin.EmptyFieldListFilter), "category", "published_at")
    list_select_related = ("author", "category")
    date_hierarchy = "published_at"
    search_fields = ("title", "slug", "author__email")
    autocomplete_fields = ("category", "tags")
    actions = ("export_csv", "submit", "publish", "withdraw", "archive", "restore")
    export_fields = (
        *("id", "slug", "title", "excerpt", "body", "category_id", "seo_title", "seo_description"),
        *("author_id", "status", "category__slug", "published_at"),
    )
    fields = (
        *("title", "slug", "excerpt", "body", "category", "tags", "seo_title", "seo_description"),
        *("author", "status", "published_at", "publish_at", "reading_minutes"),
    )
    readonly_fields = ("status", "published_at", "publish_at", "reading_minutes")

    def dashboard_numbers(self) -> dict[Any, dict[str, Any]]:
        return {gettext_lazy("Posts in review"): {"status__exact": "review", "deleted_at__isnull": True}}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Post]:
        return Post.all_objects.all()

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        # Imports can set the author, the form cannot.
        return ("author", *self.readonly_fields)

    def import_save(self, obj: Post, user: Any) -> None:
        try:
            imports.post_import(post=obj, user=user)
        except (NotAllowed, WrongState) as error:
            default = _("You do not have permission to perform this action.")
            raise ValidationError(error.message or default) from error

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Post]) -> None:
        # One by one, as the UPDATE of all sends no signal, by which other apps forget a post.
        for post in queryset.filter(deleted_at=None):
            self.delete_model(request, post)

    def save_model(self, request: HttpRequest, obj: Post, form: forms.ModelForm, change: bool) -> None:  # noqa: FBT001 - Django's signature
        editor: Any = request.user
        if not change:
            obj.author = editor
        posts.post_save(post=obj, editor=editor)

    @admin.action(description=gettext_lazy("Submit for review"), permissions=["change"])
    def submit(self, request: HttpRequest, queryset: QuerySet[Post]) -> None:
        run(request, queryset, partial(states.post_move, transition="submit"))

    @admin.action(description=gettext_lazy("Publish"), permissions=["change"])
    def publish(self, request: HttpRequest, queryset: QuerySet[Post]) -> None:
        run(request, queryset, states.post_publish)

    @admin.action(description=gettext_lazy("Return to the author"), permissions=["change"])
    def withdraw(self, request: HttpRequest, queryset: QuerySet[Post]) -> None:
        run(request, queryset, partial(states.post_move, transition="withdraw"))

    @admin.action(description=gettext_lazy("Archive"), permissions=["change"])
    def archive(self, request: HttpRequest, queryset: QuerySet[Post]) -> None:
        run(request, queryset, partial(states.post_move, transition="archive"))

    @admin.action(description=gettext_lazy("Restore deleted posts"), permissions=["delete"])
    def restore(self, request: HttpRequest, queryset: QuerySet[Post]) -> None:
        run(request, queryset.exclude(deleted_at=None), posts.post_restore)


@admin.register(Comment)
class CommentAdmin(CSVExportMixin, admin.ModelAdmin):
    list_display = ("body", "post", "author", "status", "created_at")
    list_filter = ("status", "created_at")
    list_select_related = ("post", "author")
    date_hierarchy = "created_at"
    search_fields = ("body", "author__email", "post__title")
    actions = ("export_csv", "approve", "reject")
    export_fields = ("id", "post__slug", "author_id", "status", "body", "created_at")
    fields = readonly_fields = ("post", "author", "parent", "body", "status", "created_at")

    def dashboard_numbers(self) -> dict[Any, dict[str, Any]]:
        return {gettext_lazy("Comments awaiting moderation"): {"status__exact": "pending"}}

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Return the comments without their replies, which are kept."""
        return list(map(str, objs)), {self.opts.verbose_name_plural: len(objs)}, set(), []

    def delete_model(self, request: HttpRequest, obj: Comment) -> None:
        comments.comments_erase(Comment.objects.filter(pk=obj.pk))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Comment]) -> None:
        comments.comments_erase(queryset)

    @admin.action(description=gettext_lazy("Approve"), permissions=["view"])
    def approve(self, request: HttpRequest, queryset: QuerySet[Comment]) -> None:
        run(request, queryset, partial(comments.comment_moderate, status=Comment.Status.APPROVED))

    @admin.action(description=gettext_lazy("Reject"), permissions=["view"])
    def reject(self, request: HttpRequest, queryset: QuerySet[Comment]) -> None:
        run(request, queryset, partial(comments.comment_moderate, status=Comment.Status.REJECTED))
