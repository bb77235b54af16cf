from django.urls import path

from apps.search.api import views

app_name = "search"

urlpatterns = [
    path("", views.SearchView.as_view(), name="search"),
    path("suggestions/", views.SuggestionView.as_view(), name="suggestions"),
    path("terms/", views.TermListView.as_view(), name="term-list"),
]
