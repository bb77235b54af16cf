"""Routes of the tests, followed by those of the project."""

from django.urls import URLPattern, URLResolver, include, path
from django.views.decorators.cache import cache_page
from rest_framework.routers import SimpleRouter

from config import urls
from tests.sampleapp import views

router = SimpleRouter()
router.register("notes", views.NoteViewSet, basename="note")
router.register("owned-notes", views.OwnedNoteViewSet, basename="owned-note")
router.register("published-notes", views.PublishedNoteViewSet, basename="published-note")
router.register("created-notes", views.CreatedNoteViewSet, basename="created-note")
router.register("numbered-notes", views.NumberedNoteViewSet, basename="numbered-note")
router.register("measurements", views.MeasurementViewSet, basename="measurement")
router.register("articles", views.ArticleViewSet, basename="article")

urlpatterns: list[URLPattern | URLResolver] = [
    path("sample/", include(router.urls)),
    path("sample/editorial/", views.EditorialView.as_view(), name="editorial"),
    path("sample/open/", views.OpenView.as_view(), name="open"),
    path("sample/orders/", views.OrderView.as_view(), name="order"),
    path("sample/failures/<str:name>/", views.FailureView.as_view(), name="failure"),
    path("sample/cached/", cache_page(60)(views.CountedView.as_view()), name="cached"),
    path("sample/form/", views.form, name="form"),
    *urls.urlpatterns,
]

handler400 = urls.handler400
handler403 = urls.handler403
handler404 = urls.handler404
handler500 = urls.handler500
