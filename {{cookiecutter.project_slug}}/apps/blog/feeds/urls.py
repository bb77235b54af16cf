"""Plain pages of the blog, outside the API."""

from django.urls import path
from django.views.decorators.http import require_safe

from apps.blog.feeds import views

urlpatterns = [
    path("feed.xml", require_safe(views.feed_view), name="blog-feed"),
    path("sitemap.xml", require_safe(views.sitemap_view), name="blog-sitemap"),
]
