import itertools
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import InterfaceError, OperationalError
from django.db.models.functions import Length, Lower
from django.http import HttpRequest, HttpResponse
from rest_framework import serializers, viewsets
from rest_framework.permissions import AllowAny, BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core.api.pagination import PageNumberPagination
from apps.core.api.permissions import HasRole, IsAdminOrReadOnly, IsOwner, IsOwnerOrReadOnly
from tests.sampleapp.models import Article, Measurement, Note


class NoteSerializer(serializers.ModelSerializer[Note]):
    class Meta:
        model = Note
        fields = ["id", "text"]


class NoteViewSet(viewsets.ModelViewSet[Note]):
    """Notes with cursor pagination; subclasses set the permissions."""

    permission_classes: tuple[type[BasePermission], ...] = (AllowAny,)
    queryset = Note.objects.all()
    serializer_class = NoteSerializer
    ordering_fields = ("created_at", "text")
    ordering = ("-created_at",)


class OwnedNoteViewSet(NoteViewSet):
    permission_classes = (IsOwner,)


class PublishedNoteViewSet(NoteViewSet):
    permission_classes = (IsOwnerOrReadOnly,)


class CreatedNoteViewSet(NoteViewSet):
    """Notes owned by their creator (`owner_field`)."""

    permission_classes = (IsOwner,)
    owner_field = "created_by"


class NumberedNoteViewSet(NoteViewSet):
    pagination_class = PageNumberPagination


class MeasurementSerializer(serializers.ModelSerializer[Measurement]):
    class Meta:
        model = Measurement
        fields = "__all__"


class MeasurementViewSet(viewsets.ModelViewSet[Measurement]):
    permission_classes = (AllowAny,)
    queryset = Measurement.objects.annotate(length=Length("remark"), folded=Lower("label"))
    serializer_class = MeasurementSerializer
    ordering_fields = (
        *(field.name for field in Measurement._meta.fields),  # noqa: SLF001 - Django's documented Options API
        "pk",
        "length",
        "folded",
        "owner__email",
        "owner__last_login",
    )
    ordering = ("-created_at",)


class ArticleSerializer(serializers.ModelSerializer[Article]):
    class Meta:
        model = Article
        fields = ["id", "title"]


class ArticleViewSet(viewsets.ModelViewSet[Article]):
    permission_classes = (IsAdminOrReadOnly,)
    queryset = Article.objects.order_by("pk")
    serializer_class = ArticleSerializer
    ordering = ("pk",)


class EditorialView(APIView):
    permission_classes = (HasRole,)
    required_roles = ("editor", "publisher")

    def get(self, request: Request) -> Response:
        return Response({})


class OpenView(APIView):
    """Public view with the default throttles."""

    permission_classes = (AllowAny,)

    def get(self, request: Request) -> Response:
        return Response({})


class CountedView(OpenView):
    """View that returns its number of calls."""

    throttle_classes = ()
    count = itertools.count()

    def get(self, request: Request) -> Response:
        return Response({"count": next(self.count)})


class LineSerializer(serializers.Serializer[Any]):
    message = serializers.CharField()
    code = serializers.ChoiceField(["a", "b"])


class OrderSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=3)
    tags = serializers.ListField(child=serializers.CharField(max_length=3), required=False)
    delivery = LineSerializer(required=False)
    lines = LineSerializer(many=True, required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["name"] == "no":
            raise serializers.ValidationError("The whole order is refused.", code="refused")
        return attrs


class OrderView(OpenView):
    def post(self, request: Request) -> Response:
        data = OrderSerializer(data=request.data)
        data.is_valid(raise_exception=True)
        return Response(data.validated_data)


class FailureView(OpenView):
    """View that raises the exception named in the route."""

    failures: dict[str, Exception] = {
        "denied": PermissionDenied("Not on Sundays."),
        "invalid": DjangoValidationError({"text": DjangoValidationError("Not this one.", code="taken")}),
        "database": OperationalError("connection refused, user swordfish"),
        "connection": InterfaceError("the connection is closed"),
        "fault": RuntimeError("the password of the database is swordfish"),
    }

    def get(self, request: Request, name: str | None = None) -> Response:
        raise self.failures[name or ""]


def form(request: HttpRequest) -> HttpResponse:
    """Deny GET and accept POST, in a Django view with CSRF protection."""
    if request.method == "GET":
        raise PermissionDenied("internal reason")
    return HttpResponse()
