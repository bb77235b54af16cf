from django.urls import path

from apps.realtime.api import views

app_name = "realtime"

urlpatterns = [path("ticket/", views.TicketView.as_view(), name="ticket")]
