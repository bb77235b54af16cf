"""Plain pages of the notifications, outside the API."""

from django.urls import path

from apps.notifications.api.unsubscribe import unsubscribe_view

urlpatterns = [path("unsubscribe/", unsubscribe_view, name="unsubscribe")]
