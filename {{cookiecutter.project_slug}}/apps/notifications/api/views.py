"""HTTP layer: validate, call a service or a selector, serialize."""

from http import HTTPStatus
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, viewsets
from rest_framework.decorators import action
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core.api.serializers import validated
from apps.notifications import selectors, services
from apps.notifications.api import serializers
from apps.notifications.api.filters import NotificationFilter
from apps.notifications.models import Notification
from apps.users.authentication import UserRequest


@extend_schema_view(
    list=extend_schema(description="List own notifications."),
    retrieve=extend_schema(description="Retrieve a notification. This does not mark it as read."),
)
class NotificationViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Notification]
):
    queryset = Notification.objects.none()
    serializer_class = serializers.NotificationOutput
    filterset_class = NotificationFilter
    search_fields = ("title",)
    ordering_fields = ("created_at",)
    ordering = ("-created_at",)

    request: UserRequest

    def get_queryset(self) -> QuerySet[Notification]:
        """Return own notifications only, so that those of other users yield 404."""
        return selectors.notification_list(user=self.request.user)

    @extend_schema(request=None, responses={200: serializers.NotificationOutput}, filters=False)
    @action(detail=True, methods=["post"])
    def read(self, request: UserRequest, *args: Any, **kwargs: Any) -> Response:
        """Mark a notification as read. This is idempotent."""
        notification = services.notification_read(notification=self.get_object())
        return Response(serializers.NotificationOutput.represent(notification))

    @extend_schema(request=None, responses={204: None}, filters=False)
    @action(detail=False, methods=["post"], url_path="read-all")
    def read_all(self, request: UserRequest) -> Response:
        """Mark all notifications as read."""
        services.notification_read_all(user=request.user)
        return Response(status=HTTPStatus.NO_CONTENT)

    @extend_schema(responses={200: serializers.UnreadOutput}, filters=False)
    @action(detail=False, pagination_class=None, url_path="unread-count")
    def unread_count(self, request: UserRequest) -> Response:
        """Count unread notifications."""
        return Response({"unread": selectors.unread_count(user=request.user)})


class PreferencesView(APIView):
    @extend_schema(responses={200: serializers.PreferenceOutput(many=True)})
    def get(self, request: UserRequest) -> Response:
        """List the enabled channels of each notification kind."""
        found = selectors.preferences_of(user=request.user)
        return Response([{"kind": kind} | wanted for kind, wanted in found.items()])

    @extend_schema(
        request=serializers.PreferenceInput(partial=False),
        responses={200: serializers.PreferenceOutput},
    )
    def patch(self, request: UserRequest) -> Response:
        """Enable or disable channels of a notification kind. Omitted channels keep their value."""
        data = validated(serializers.PreferenceInput, request)
        wanted = services.preference_set(user=request.user, **data)
        return Response({"kind": data["kind"]} | wanted)


class ScheduleView(APIView):
    @extend_schema(responses={200: serializers.ScheduleOutput})
    def get(self, request: UserRequest) -> Response:
        """Retrieve the frequency of digests and the quiet hours, in the time zone of the profile."""
        return Response(serializers.ScheduleOutput.represent(selectors.schedule_of(user=request.user)))

    @extend_schema(request=serializers.ScheduleInput, responses={200: serializers.ScheduleOutput})
    def patch(self, request: UserRequest) -> Response:
        """Change the frequency of digests and the quiet hours; null for both ends disables quiet hours."""
        schedule = selectors.schedule_of(user=request.user)
        data = validated(serializers.ScheduleInput, request, instance=schedule)
        changed = services.schedule_set(user=request.user, **data)
        return Response(serializers.ScheduleOutput.represent(changed))
