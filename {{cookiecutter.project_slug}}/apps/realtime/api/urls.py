from django.urls import path

from apps.realtime.api import views

app_name = "realtime"

urlpatterns = [
    path("events/", views.EventStreamView.as_view(), name="events"),
    path("ticket/", views.TicketView.as_view(), name="ticket"),
]
