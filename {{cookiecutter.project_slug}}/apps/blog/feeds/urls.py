"""Plain pages of the blog, outside the API."""

from django.urls import path

from apps.blog.feeds import views

urlpatterns = [
    path("feed.xml", views.feed_view, name="blog-feed"),
    path("sitemap.xml", views.sitemap_view, name="blog-sitemap"),
]
