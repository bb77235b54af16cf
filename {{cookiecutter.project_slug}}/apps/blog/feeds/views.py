"""RSS feed and sitemap of the published posts, with links to the web application."""

from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.sitemaps import Sitemap
from django.contrib.sitemaps.views import sitemap
from django.contrib.syndication.views import Feed
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from apps.blog.caching import content_remember
from apps.blog.models import Post
from apps.blog.selectors import post_list
from config import project

FEED_ITEMS = 20
# Each with up to 50,000 posts.
PAGES = frozenset(map(str, range(1, 100)))
# The list of posts in the web application.
BLOG = urlsplit(f"{settings.FRONTEND_URL}/blog/")


class PostFeed(Feed):  # type: ignore[type-arg] # not generic at run time
    title = project.TITLE
    description = project.DESCRIPTION
    language = settings.LANGUAGE_CODE
    link = BLOG.geturl()
    item_guid_is_permalink = False

    def items(self) -> QuerySet[Post]:
        return post_list().order_by("-published_at", "-pk")[:FEED_ITEMS]

    def item_title(self, item: Post) -> str:
        return item.title

    def item_description(self, item: Post) -> str:
        return item.excerpt or item.body_html

    def item_link(self, item: Post) -> str:
        return f"{self.link}{item.slug}"

    def item_guid(self, item: Post) -> str:
        return item.pk.urn

    def item_pubdate(self, item: Post) -> datetime:
        return item.published_at

    def item_updateddate(self, item: Post) -> datetime:
        return item.updated_at

    def item_categories(self, item: Post) -> list[str]:
        return [tag.name for tag in item.tags.all()]


class PostSitemap(Sitemap):  # type: ignore[type-arg] # not generic at run time
    protocol = BLOG.scheme

    def items(self) -> QuerySet[Post]:
        posts: QuerySet[Post] = Post.objects.filter(status=Post.Status.PUBLISHED)
        return posts.only("slug", "updated_at").order_by("-published_at", "-pk")

    def get_domain(self, site: Any = None) -> str:
        return BLOG.netloc

    def location(self, item: Post) -> str:
        return f"{BLOG.path}{item.slug}"

    def lastmod(self, item: Post) -> datetime:
        return item.updated_at


@require_safe
def feed_view(request: HttpRequest) -> HttpResponse:
    def render() -> str:
        return PostFeed()(request).content.decode()

    # The feed has the URL of the request.
    text = content_remember(f"feed:{request.build_absolute_uri('/')}", render)
    return HttpResponse(text, content_type="application/rss+xml; charset=utf-8")


@require_safe
def sitemap_view(request: HttpRequest) -> HttpResponse:
    def render() -> str:
        return str(sitemap(request, {"posts": PostSitemap()}).render().content.decode())

    page = request.GET.get("p", "1")
    # Other spellings of a number, such as 01, would each fill the cache.
    if page not in PAGES:
        raise Http404
    text = content_remember(f"sitemap:{page}", render)
    return HttpResponse(text, content_type="application/xml")
