"""Reports on the blog."""

import pytest

from apps.blog.tests.factories import CommentFactory, PostFactory
from apps.reports.periods import span_of
from apps.reports.registry import REPORTS
from apps.reports.selectors import report_totals

pytestmark = pytest.mark.django_db


def test_published_posts_and_comments_are_counted() -> None:
    post = PostFactory.create()
    PostFactory.create(status="draft")
    PostFactory.create().delete()
    for status in ("pending", "approved", "approved", "rejected"):
        CommentFactory.create(post=post, status=status)
    assert report_totals(REPORTS["posts"], span_of()) == {"published": 1}
    totals = report_totals(REPORTS["comments"], span_of())
    assert totals == {"written": 4, "approved": 2, "rejected": 1}
