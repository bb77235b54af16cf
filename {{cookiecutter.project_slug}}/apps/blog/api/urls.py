from django.urls import include, path
from rest_framework.routers import SimpleRouter

from apps.blog.api import comments, views

app_name = "blog"

router = SimpleRouter()
router.register("posts", views.PostViewSet, basename="post")
router.register("comments", comments.CommentViewSet, basename="comment")

urlpatterns = [
    path("bookmarks/", views.BookmarkListView.as_view(), name="bookmark-list"),
    path("categories/", views.CategoryListView.as_view(), name="category-list"),
    path("editorial/", views.EditorialListView.as_view(), name="editorial-list"),
    path("tags/", views.TagListView.as_view(), name="tag-list"),
    path("posts/<slug:slug>/comments/", comments.ThreadListView.as_view(), name="thread-list"),
    path("posts/<slug:slug>/cover/", views.CoverView.as_view(), name="cover"),
    path("posts/<slug:slug>/revisions/", views.RevisionListView.as_view(), name="revision-list"),
    path("posts/<slug:slug>/revisions/<int:number>/", views.RevisionView.as_view(), name="revision-detail"),
    path("", include(router.urls)),
]
