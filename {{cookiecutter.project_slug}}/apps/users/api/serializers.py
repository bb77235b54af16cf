"""Separate input and output serializers; output serializers list their fields explicitly."""

from datetime import datetime
from typing import Any

from django.urls import reverse
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.core.api.serializers import OutputSerializer
from apps.users.authentication import SESSION_CLAIM
from apps.users.canonical import EMAIL_MAX_LENGTH, canonical_email, canonical_password
from apps.users.models import RefreshSession, User

MAX_TOKEN = 4096
PERSON = ["id", "email", "first_name", "last_name"]
LOCALE = ["language", "timezone"]
DATES = ["created_at", "updated_at"]


class EmailField(serializers.EmailField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=EMAIL_MAX_LENGTH, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        return canonical_email(super().to_internal_value(data))


class PasswordField(serializers.CharField):
    """Password field that keeps leading and trailing spaces."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            trim_whitespace=False,
            write_only=True,
            max_length=128,
            style={"input_type": "password"},
            **kwargs,
        )

    def to_internal_value(self, data: Any) -> str:
        return canonical_password(super().to_internal_value(data))


class RegisterInput(serializers.ModelSerializer[User]):
    email = EmailField()
    password = PasswordField()

    class Meta:
        model = User
        fields = ["email", "password", "first_name", "last_name", *LOCALE]


class EmailInput(serializers.Serializer[Any]):
    email = EmailField()


class TokenInput(serializers.Serializer[Any]):
    token = serializers.CharField(max_length=MAX_TOKEN)


class VerifyEmailInput(TokenInput):
    password = PasswordField()


class LoginInput(EmailInput):
    password = PasswordField()


class RefreshInput(serializers.Serializer[Any]):
    refresh = serializers.CharField(max_length=MAX_TOKEN)


class TokenPairOutput(serializers.Serializer[Any]):
    access = serializers.CharField(read_only=True)
    refresh = serializers.CharField(read_only=True)


class SessionOutput(serializers.ModelSerializer[RefreshSession]):
    """A session; `last_used_at` is rounded, since its exact value would help to exploit the grace period."""

    last_used_at = serializers.SerializerMethodField(help_text="To the hour.")
    current = serializers.SerializerMethodField(help_text="Whether this request belongs to it.")

    class Meta:
        model = RefreshSession
        fields: list[str] = ["id", "device", "created_at", "last_used_at", "current"]
        read_only_fields = fields

    def get_last_used_at(self, session: RefreshSession) -> datetime:
        return session.last_used_at.replace(minute=0, second=0, microsecond=0)

    def get_current(self, session: RefreshSession) -> bool:
        token = self.context["request"].auth
        return bool(token) and token[SESSION_CLAIM] == str(session.pk)


class ConfirmInput(serializers.Serializer[Any]):
    """Optional `current_password` for requests that require it or a recent login."""

    current_password = PasswordField(required=False)


class EmailChangeInput(ConfirmInput):
    new_email = EmailField()


class PasswordChangeInput(serializers.Serializer[Any]):
    current_password = PasswordField()
    new_password = PasswordField()


class PasswordResetConfirmInput(TokenInput):
    new_password = PasswordField()


class ProfileInput(serializers.ModelSerializer[User]):
    class Meta:
        model = User
        fields = ["first_name", "last_name", *LOCALE]


class AvatarInput(serializers.Serializer[Any]):
    avatar = serializers.FileField(max_length=255)


class ProfileOutput(OutputSerializer):
    """The profile of the current user."""

    # Not an enum: it may be empty, or a language that the project removed.
    language = serializers.CharField(read_only=True)
    avatar = serializers.SerializerMethodField()

    class Meta:
        model = User
        fields = [*PERSON, *LOCALE, "avatar", "is_staff", *DATES]

    @extend_schema_field({"type": "string", "format": "uri-reference", "nullable": True})
    def get_avatar(self, user: User) -> str | None:
        """Return the avatar URL, which serves the avatar of the current user."""
        return reverse("v1:users:avatar") if user.avatar else None


class UserOutput(OutputSerializer):
    """A user as shown to staff."""

    roles = serializers.ListField(child=serializers.CharField(), read_only=True)

    class Meta:
        model = User
        fields = [*PERSON, "roles", "is_staff", "is_active", "is_verified", *DATES]
