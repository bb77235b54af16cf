from django.urls import path

from apps.reports.api import views

app_name = "reports"

urlpatterns = [
    path("events/", views.EventsView.as_view(), name="events"),
    path("dashboard/", views.DashboardListView.as_view(), name="dashboard-list"),
    path("dashboard/<slug:name>/", views.DashboardView.as_view(), name="dashboard"),
    path("dashboard/<slug:name>/rows.csv", views.CSVView.as_view(), name="csv"),
    path("dashboard/<slug:name>/rows.xlsx", views.XLSXView.as_view(), name="xlsx"),
]
