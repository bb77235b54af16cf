from django.urls import include, path
from rest_framework.routers import SimpleRouter

from apps.files.api import views

app_name = "files"

router = SimpleRouter()
router.register("", views.FileViewSet, basename="file")

urlpatterns = [
    path("<uuid:key>/content/", views.ContentView.as_view(), name="content"),
    path("", include(router.urls)),
]
