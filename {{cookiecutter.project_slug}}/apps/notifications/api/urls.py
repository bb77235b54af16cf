from django.urls import include, path
from rest_framework.routers import SimpleRouter

from apps.notifications.api import views

app_name = "notifications"

router = SimpleRouter()
router.register("", views.NotificationViewSet, basename="notification")

urlpatterns = [
    path("preferences/", views.PreferencesView.as_view(), name="preferences"),
    path("", include(router.urls)),
]
