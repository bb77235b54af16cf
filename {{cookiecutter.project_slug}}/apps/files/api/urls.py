from django.urls import include, path
from rest_framework.routers import SimpleRouter

from apps.files.api import uploads, views

app_name = "files"

router = SimpleRouter()
router.register("folders", views.FolderViewSet, basename="folder")
router.register("shares", views.ShareViewSet, basename="share")
router.register("uploads", uploads.UploadViewSet, basename="upload")
router.register("", views.FileViewSet, basename="file")

urlpatterns = [
    path("<uuid:key>/content/", views.ContentView.as_view(), name="content"),
    path("shared/content/", views.SharedContentView.as_view(), name="shared-content"),
    path("uploads/<uuid:key>/content/", uploads.UploadContentView.as_view(), name="upload-content"),
    path("", include(router.urls)),
]
