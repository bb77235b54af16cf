"""API views: validate input, call a service or selector, serialize the result."""

import time
from http import HTTPStatus
from pathlib import PurePath
from typing import Any

from django.conf import settings
from django.contrib.auth import user_logged_in
from django.db.models import QuerySet
from django.http import FileResponse, Http404
from django.utils.decorators import method_decorator
from django.utils.http import quote_etag
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import condition
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, viewsets
from rest_framework.filters import OrderingFilter
from rest_framework.permissions import AllowAny, BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from apps.core.api.filters import FilterBackend
from apps.core.api.parsers import MultiPartParser
from apps.core.api.permissions import IsStaffWithPermission
from apps.core.api.serializers import validated
from apps.core.api.throttling import AuthThrottle, TokenThrottle, UserThrottle
from apps.users import selectors
from apps.users.api import serializers
from apps.users.api.filters import EmailSearch, UserFilter
from apps.users.api.throttling import EmailThrottle
from apps.users.authentication import LOGIN_TIME_CLAIM, SESSION_CLAIM, UserRequest
from apps.users.backends import credentials_check, network_remember, password_check
from apps.users.exceptions import ReauthenticationRequired
from apps.users.models import RefreshSession, User
from apps.users.services import accounts, emails, passwords, registration, sessions
from infrastructure.database.replica import replica_allowed


@method_decorator(cache_control(no_store=True), name="dispatch")
class PublicAuthView(APIView):
    """Base view without authentication, so that an expired token in the header causes no error."""

    authentication_classes = ()
    permission_classes: tuple[type[BasePermission], ...] = (AllowAny,)
    throttle_classes: tuple[type[BaseThrottle], ...] = (AuthThrottle, EmailThrottle)

    def get_authenticate_header(self, request: Request) -> str:
        """Return a challenge; without one, Django REST Framework turns 401 into 403."""
        return 'Bearer realm="api"'


class RegisterView(PublicAuthView):
    @extend_schema(request=serializers.RegisterInput, responses={202: None})
    def post(self, request: Request) -> Response:
        """Register an email. The response does not depend on whether it is registered."""
        registration.user_register(**validated(serializers.RegisterInput, request))
        return Response(status=HTTPStatus.ACCEPTED)


class VerifyEmailView(PublicAuthView):
    @extend_schema(request=serializers.VerifyEmailInput, responses={204: None})
    def post(self, request: Request) -> Response:
        """Verify an email with the emailed token and the password of the registration."""
        data = validated(serializers.VerifyEmailInput, request)
        user = registration.verification_user(token=data["token"])
        message = _("The password is incorrect. Reset it: that also verifies the email.")
        password_check(request, user=user, password=data["password"], field="password", message=message)
        registration.email_verify(token=data["token"])
        return Response(status=HTTPStatus.NO_CONTENT)


class ResendVerificationView(PublicAuthView):
    @extend_schema(request=serializers.EmailInput, responses={202: None})
    def post(self, request: Request) -> Response:
        """Resend the verification email. The response does not depend on whether the email is registered."""
        registration.verification_resend(**validated(serializers.EmailInput, request))
        return Response(status=HTTPStatus.ACCEPTED)


class TokenView(PublicAuthView):
    extra_problems = {"POST": [HTTPStatus.UNAUTHORIZED]}
    # No `EmailThrottle`: failed attempts by others would lock the owner out.
    throttle_classes = (AuthThrottle,)

    @extend_schema(request=serializers.LoginInput, responses={200: serializers.TokenPairOutput})
    def post(self, request: Request) -> Response:
        """Log in: issue an access token and a refresh token."""
        user = credentials_check(request, **validated(serializers.LoginInput, request))
        pair = sessions.session_create(user=user, device=request.META.get("HTTP_USER_AGENT", ""))
        # Updates `last_login`, and resets the failures of django-axes.
        user_logged_in.send(sender=User, request=request, user=user)
        return Response(serializers.TokenPairOutput(pair).data)


class TokenRefreshView(PublicAuthView):
    extra_problems = {"POST": [HTTPStatus.UNAUTHORIZED]}
    throttle_classes = (TokenThrottle,)

    @extend_schema(request=serializers.RefreshInput, responses={200: serializers.TokenPairOutput})
    def post(self, request: Request) -> Response:
        """Exchange a refresh token for a new pair. Reuse after the grace period revokes the session."""
        pair = sessions.session_refresh(**validated(serializers.RefreshInput, request))
        return Response(serializers.TokenPairOutput(pair).data)


class TokenVerifyView(PublicAuthView):
    extra_problems = {"POST": [HTTPStatus.UNAUTHORIZED]}
    throttle_classes = (TokenThrottle,)

    @extend_schema(request=serializers.TokenInput, responses={200: None})
    def post(self, request: Request) -> Response:
        """Check whether an access or refresh token is valid."""
        sessions.session_verify(**validated(serializers.TokenInput, request))
        return Response(status=HTTPStatus.OK)


class PasswordResetView(PublicAuthView):
    @extend_schema(request=serializers.EmailInput, responses={202: None})
    def post(self, request: Request) -> Response:
        """Request a password reset link. The response does not depend on whether the email is registered."""
        passwords.password_reset_request(**validated(serializers.EmailInput, request))
        return Response(status=HTTPStatus.ACCEPTED)


class PasswordResetConfirmView(PublicAuthView):
    @extend_schema(request=serializers.PasswordResetConfirmInput, responses={204: None})
    def post(self, request: Request) -> Response:
        """Set a new password with the emailed token; all sessions end."""
        user = passwords.password_reset_confirm(**validated(serializers.PasswordResetConfirmInput, request))
        network_remember(request, user.email)
        return Response(status=HTTPStatus.NO_CONTENT)


def login_confirm(request: UserRequest, *, current_password: str | None = None) -> None:
    """Require the current password, or a session that began less than `RECENT_LOGIN_SECONDS` ago."""
    if current_password is not None:
        password_check(request, user=request.user, password=current_password)
        return
    token = request.auth
    if not token or time.time() - token[LOGIN_TIME_CLAIM] > settings.RECENT_LOGIN_SECONDS:
        raise ReauthenticationRequired
    # Replication lag: the replica may not have the current state of the session.
    with replica_allowed(allowed=False):
        if not selectors.session_list(user=request.user).filter(pk=token[SESSION_CLAIM]).exists():
            raise ReauthenticationRequired


def body_confirm(request: UserRequest) -> None:
    """Require `current_password` in the body, or a recent login."""
    login_confirm(request, **validated(serializers.ConfirmInput, request))


class LogoutView(APIView):
    throttle_classes = (AuthThrottle, UserThrottle)

    @extend_schema(request=serializers.RefreshInput, responses={204: None})
    def post(self, request: UserRequest) -> Response:
        """Log out: invalidate the refresh token."""
        sessions.session_end(user=request.user, **validated(serializers.RefreshInput, request))
        return Response(status=HTTPStatus.NO_CONTENT)


class LogoutAllView(APIView):
    throttle_classes = (AuthThrottle, UserThrottle)

    @extend_schema(request=None, responses={204: None})
    def post(self, request: UserRequest) -> Response:
        """Log out everywhere: invalidate all tokens of the user, including that of this request."""
        sessions.session_end_all(user=request.user)
        return Response(status=HTTPStatus.NO_CONTENT)


class SessionViewSet(
    mixins.ListModelMixin, mixins.DestroyModelMixin, viewsets.GenericViewSet[RefreshSession]
):
    """Active sessions of the user. Ending another session requires `current_password` or a recent login."""

    request: UserRequest
    extra_problems = {"DELETE": [HTTPStatus.BAD_REQUEST, HTTPStatus.FORBIDDEN]}
    queryset = RefreshSession.objects.none()
    serializer_class = serializers.SessionOutput
    ordering_fields = ("created_at", "last_used_at")

    def get_queryset(self) -> QuerySet[RefreshSession]:
        return selectors.session_list(user=self.request.user)

    def perform_destroy(self, instance: RefreshSession) -> None:
        if not self.request.auth or self.request.auth[SESSION_CLAIM] != str(instance.pk):
            body_confirm(self.request)
        sessions.session_revoke(user=self.request.user, session_id=str(instance.pk))


class EmailChangeView(APIView):
    extra_problems = {"POST": [HTTPStatus.FORBIDDEN]}
    throttle_classes = (AuthThrottle, UserThrottle)

    @extend_schema(request=serializers.EmailChangeInput, responses={202: None})
    def post(self, request: UserRequest) -> Response:
        """Request an email change: both emails get a link. Requires `current_password` or a recent login."""
        data = validated(serializers.EmailChangeInput, request)
        body_confirm(request)
        emails.email_change_request(user=request.user, new_email=data["new_email"])
        return Response(status=HTTPStatus.ACCEPTED)


class EmailChangeConfirmView(PublicAuthView):
    @extend_schema(request=serializers.TokenInput, responses={202: None, 204: None})
    def post(self, request: Request) -> Response:
        """Confirm an email change. Responds with 202 until both emails are confirmed, then with 204."""
        finished = emails.email_change_confirm(**validated(serializers.TokenInput, request))
        return Response(status=HTTPStatus.NO_CONTENT if finished else HTTPStatus.ACCEPTED)


class PasswordChangeView(APIView):
    throttle_classes = (AuthThrottle, UserThrottle)

    @extend_schema(request=serializers.PasswordChangeInput, responses={204: None})
    def post(self, request: UserRequest) -> Response:
        """Change the password; all sessions end, including the current one."""
        data = validated(serializers.PasswordChangeInput, request)
        password_check(request, user=request.user, password=data["current_password"])
        passwords.password_set(user=request.user, password=data["new_password"])
        return Response(status=HTTPStatus.NO_CONTENT)


class MeView(APIView):
    extra_problems = {"DELETE": [HTTPStatus.BAD_REQUEST, HTTPStatus.FORBIDDEN]}

    @extend_schema(responses={200: serializers.ProfileOutput})
    def get(self, request: UserRequest) -> Response:
        """Retrieve the current user."""
        return Response(serializers.ProfileOutput.represent(request.user))

    @extend_schema(request=serializers.ProfileInput, responses={200: serializers.ProfileOutput})
    def patch(self, request: UserRequest) -> Response:
        """Update the profile."""
        data = serializers.ProfileInput(request.user, data=request.data, partial=True)
        data.is_valid(raise_exception=True)
        user = accounts.user_update(user=request.user, **data.validated_data)
        return Response(serializers.ProfileOutput.represent(user))

    @extend_schema(responses={204: None})
    def delete(self, request: UserRequest) -> Response:
        """Delete the account and all personal data. Requires `current_password` or a recent login."""
        body_confirm(request)
        accounts.user_delete(user=request.user)
        return Response(status=HTTPStatus.NO_CONTENT)


def avatar_etag(request: UserRequest) -> str | None:
    """Return an ETag from the file name, which is unique for each avatar."""
    name: str | None = request.user.avatar.name
    return quote_etag(PurePath(name).stem) if name else None


class AvatarView(APIView):
    extra_problems = {"GET": [HTTPStatus.NOT_FOUND], "PUT": [HTTPStatus.SERVICE_UNAVAILABLE]}
    parser_classes = (MultiPartParser,)

    @extend_schema(responses={(200, "image/webp"): OpenApiTypes.BINARY})
    @method_decorator(condition(etag_func=avatar_etag))
    def get(self, request: UserRequest) -> FileResponse:
        """Download the avatar."""
        if not request.user.avatar:
            raise Http404
        try:
            picture = request.user.avatar.open("rb")
        except FileNotFoundError as error:
            raise Http404 from error
        return FileResponse(picture, content_type="image/webp")

    @extend_schema(request=serializers.AvatarInput, responses={200: serializers.ProfileOutput})
    def put(self, request: UserRequest) -> Response:
        """Set the avatar: JPEG, PNG, WebP or GIF, at most 2 MB. It is re-encoded and scaled to 512 pixels."""
        data = validated(serializers.AvatarInput, request)
        accounts.avatar_set(user=request.user, file=data["avatar"])
        return Response(serializers.ProfileOutput.represent(request.user))

    @extend_schema(responses={204: None})
    def delete(self, request: UserRequest) -> Response:
        """Remove the avatar."""
        accounts.avatar_remove(user=request.user)
        return Response(status=HTTPStatus.NO_CONTENT)


class ExportView(APIView):
    extra_problems = {"GET": [HTTPStatus.FORBIDDEN]}

    @extend_schema(responses={200: OpenApiTypes.OBJECT})
    @method_decorator(cache_control(no_store=True))
    def get(self, request: UserRequest) -> Response:
        """Export all stored data of the user. Requires a recent login."""
        login_confirm(request)
        disposition = {"Content-Disposition": 'attachment; filename="export.json"'}
        return Response(selectors.user_export(request.user), headers=disposition)


@extend_schema_view(
    list=extend_schema(description="List users. Requires staff status and the permission `users.view_user`."),
    retrieve=extend_schema(
        description="Retrieve a user. Requires staff status and the permission `users.view_user`."
    ),
)
class UserViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[User]):
    queryset = User.objects.none()
    permission_classes = (IsStaffWithPermission,)
    required_permission = "users.view_user"
    serializer_class = serializers.UserOutput
    filterset_class = UserFilter
    filter_backends = (FilterBackend, EmailSearch, OrderingFilter)
    # Indexed columns only, so that response time does not grow with the number of users.
    search_fields = ("email__startswith",)
    ordering_fields = ("created_at", "email")
    ordering = ("-created_at",)

    def get_queryset(self) -> QuerySet[User]:
        return selectors.user_list()

    def paginate_queryset(self, queryset: Any) -> Any:
        page = super().paginate_queryset(queryset)
        selectors.user_roles_load(page or ())
        return page
