"""Reports on the blog; only with the feature `reports`, which imports this module."""

from django.db.models import Count, Q
from django.utils.translation import gettext_lazy as _

from apps.blog.models import Comment, Post
from apps.reports.registry import Report, Series, report_register

report_register(
    Report(
        "posts",
        _("Published posts"),
        Post.objects.filter(status=Post.Status.PUBLISHED),
        "published_at",
        {"published": Series(_("Published"), Count("pk"))},
        export_fields=("id", "published_at", "slug", "title"),
    )
)
report_register(
    Report(
        "comments",
        _("Comments"),
        # All of them, by an index of the model.
        Comment.objects.filter(status__in=Comment.Status.values),
        "created_at",
        {
            "written": Series(_("Written"), Count("pk")),
            "approved": Series(_("Approved"), Count("pk", filter=Q(status=Comment.Status.APPROVED))),
            "rejected": Series(_("Rejected"), Count("pk", filter=Q(status=Comment.Status.REJECTED))),
        },
    )
)
