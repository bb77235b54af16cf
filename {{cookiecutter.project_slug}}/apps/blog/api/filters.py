from django.db.models import QuerySet
from django_filters import rest_framework as filters

from apps.blog.models import Comment, Post
from apps.blog.selectors import category_keys_below
from apps.core.api.filters import DateTimeFilter


class PostFilter(filters.FilterSet):
    category = filters.CharFilter(method="in_category", help_text="Slug; includes the categories below.")
    tag = filters.CharFilter("tags__slug")
    author = filters.UUIDFilter("author")
    published_after = DateTimeFilter("published_at", lookup_expr="gte")
    published_before = DateTimeFilter("published_at", lookup_expr="lt")

    def in_category(self, queryset: QuerySet[Post], _name: str, slug: str) -> QuerySet[Post]:
        return queryset.filter(category__in=category_keys_below(slug))


class EditorialFilter(filters.FilterSet):
    author = filters.UUIDFilter("author")

    class Meta:
        model = Post
        fields = ["status"]


class CommentFilter(filters.FilterSet):
    post = filters.CharFilter("post__slug")

    class Meta:
        model = Comment
        fields = ["status"]
