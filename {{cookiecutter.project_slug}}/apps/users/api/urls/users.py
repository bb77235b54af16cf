from django.urls import include, path
from rest_framework.routers import SimpleRouter

from apps.users.api import views

app_name = "users"

router = SimpleRouter()
router.register("", views.UserViewSet, basename="user")

urlpatterns = [
    path("me/", views.MeView.as_view(), name="me"),
    path("me/avatar/", views.AvatarView.as_view(), name="avatar"),
    path("me/export/", views.ExportView.as_view(), name="export"),
    path("", include(router.urls)),
]
