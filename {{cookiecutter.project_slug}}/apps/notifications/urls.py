"""Plain pages of the notifications, outside the API."""

from django.urls import path

from apps.notifications.api.unsubscribe import UnsubscribeView

urlpatterns = [path("unsubscribe/", UnsubscribeView.as_view(), name="unsubscribe")]
