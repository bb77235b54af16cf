from django.urls import include, path
from rest_framework.routers import SimpleRouter

from apps.notifications.api import views

app_name = "notifications"

router = SimpleRouter()
router.register("", views.NotificationViewSet, basename="notification")

urlpatterns = [
    path("preferences/", views.PreferencesView.as_view(), name="preferences"),
    path("schedule/", views.ScheduleView.as_view(), name="schedule"),
    path("", include(router.urls)),
]
