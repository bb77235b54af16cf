"""Account services: profile, avatar, deactivation, deletion and purge."""

from __future__ import annotations

import uuid
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from axes.utils import reset as forget_failures
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import CASCADE, F, ProtectedError
from django.utils import timezone

from apps.core.images import image_to_webp
from apps.core.validators import validate_extension, validate_size
from apps.users.canonical import lockout_key
from apps.users.exceptions import InvalidToken
from apps.users.models import User
from apps.users.services.sessions import session_end_all
from apps.users.signals import user_deleted

if TYPE_CHECKING:
    from django.core.files.uploadedfile import UploadedFile
    from django.db.models import QuerySet

# Longer than any emailed link is valid.
UNVERIFIED_KEPT = timedelta(days=14)
AVATAR_MAX_BYTES = 2_000_000
AVATAR_MAX_PIXELS = (512, 512)
AVATAR_EXTENSIONS = frozenset({"jpg", "jpeg", "png", "webp", "gif"})
AVATAR_FORMATS = frozenset({"JPEG", "PNG", "WEBP", "GIF"})
# Databases limit the number of query parameters.
KEYS_AT_ONCE = 500
PROFILE_FIELDS = frozenset({"first_name", "last_name", "language", "timezone"})


@transaction.atomic
def user_update(*, user: User, **fields: Any) -> User:
    """Update fields of the profile.

    Raises:
        ValidationError: a value is not valid.
        InvalidToken: the account was deleted concurrently.
    """
    user = _locked(user)
    changed = [name for name in fields if name in PROFILE_FIELDS]
    for name in changed:
        setattr(user, name, fields[name])
    # Others may have a value that is not valid any more, such as a language that the project removed.
    user.full_clean(exclude=PROFILE_FIELDS.difference(changed), validate_unique=False)
    user.save(update_fields=[*changed, "updated_at"])
    return user


def avatar_set(*, user: User, file: UploadedFile[Any]) -> None:
    """Replace the avatar by a re-encoded copy of the upload, which has no metadata or other content.

    Raises:
        ValidationError: the file is empty, too large, or not a readable image.
        InvalidToken: the account was deleted concurrently.
    """
    try:
        validate_size(file, max_bytes=AVATAR_MAX_BYTES)
        validate_extension(file, allowed=AVATAR_EXTENSIONS)
        picture = _redraw(file)
    except ValidationError as error:
        raise ValidationError({"avatar": error.error_list}) from error
    _avatar_replace(user, picture)


def avatar_remove(*, user: User) -> None:
    """Remove the avatar, if there is one."""
    _avatar_replace(user, None)


@transaction.atomic
def user_deactivate(*, user: User) -> None:
    """Deactivate the account. Data is kept; set `is_active` to reactivate it."""
    user.is_active = False
    user.save(update_fields=["is_active", "updated_at"])
    session_end_all(user=user)


@transaction.atomic
def user_delete(*, user: User) -> None:
    """Delete an account: anonymize the user and remove all personal data.

    The anonymized row is kept, so that references from other rows, such as the admin log, stay valid.
    """
    if user.deleted_at:
        return
    forget_failures(username=lockout_key(None, {"username": user.email}))
    _scrub_admin_log(user)
    _avatar_replace(user, None)
    # `.invalid` is a reserved domain: no other account can have this email.
    user.email = f"{uuid.uuid4()}@deleted.invalid"
    user.first_name = user.last_name = user.language = user.timezone = user.new_email = ""
    user.email_verified_at = user.last_login = None
    user.is_staff = user.is_superuser = False
    user.deleted_at = timezone.now()
    user.set_unusable_password()
    user.save()
    user.groups.clear()
    user.user_permissions.clear()
    user_deactivate(user=user)
    user_deleted.send(sender=User, user=user)


def unverified_users() -> QuerySet[User]:
    """Return accounts that are unverified, have never logged in and have no permissions."""
    users: QuerySet[User] = User.objects.filter(
        email_verified_at=None,
        last_login=None,
        deleted_at=None,
        is_staff=False,
        is_superuser=False,
        groups=None,
    )
    return users


def user_purge_unverified(*, dry_run: bool = False) -> int:
    """Remove accounts whose email was not verified in time; returns their number.

    Staff, members of groups, and accounts with protected references from other rows are kept.
    """
    unverified = unverified_users().filter(created_at__lt=timezone.now() - UNVERIFIED_KEPT)
    if dry_run:
        return unverified.count()
    return sum(unverified_remove(unverified.filter(pk=pk)) for pk in unverified.values_list("pk", flat=True))


@transaction.atomic
def unverified_remove(users: QuerySet[User]) -> bool:
    """Remove one of `unverified_users`; returns False if there is none or a protected reference exists."""
    user = User.objects.select_for_update().filter(pk__in=users.values("pk")).first()
    if user is None:
        # Verified concurrently.
        return False
    try:
        with transaction.atomic():
            _scrub_admin_log(user)
            user_deleted.send(sender=User, user=user)
            user.delete()
    except ProtectedError:
        return False
    return True


def _scrub_admin_log(user: User) -> None:
    """Redact names and messages in entries about the user and about rows that the user owns."""
    for content_type in ContentType.objects.filter(logentry__isnull=False).distinct():
        model: Any = content_type.model_class()
        for field in model._meta.concrete_fields if model else ():  # noqa: SLF001 - Django's documented Options API
            owner = field.related_model is User and field.remote_field.on_delete is CASCADE
            if owner or (model is User and field.primary_key):
                rows = model._base_manager.filter(**{field.name: user.pk})  # noqa: SLF001 - includes soft-deleted rows
                keys = [str(key) for key in rows.values_list("pk", flat=True)]
                for start in range(0, len(keys), KEYS_AT_ONCE):
                    entries = LogEntry.objects.filter(object_id__in=keys[start : start + KEYS_AT_ONCE])
                    about = entries.filter(content_type=content_type)
                    about.update(object_repr=F("object_id"), change_message="")


def _redraw(file: UploadedFile[Any]) -> ContentFile[bytes]:
    content = image_to_webp(file, formats=AVATAR_FORMATS, max_pixels=AVATAR_MAX_PIXELS, mode="RGBA")
    return ContentFile(content, name="avatar.webp")


@transaction.atomic
def _avatar_replace(user: User, content: ContentFile[bytes] | None) -> None:
    old = _locked(user).avatar
    storage, name = old.storage, old.name
    user.avatar = content or ""
    user.save(update_fields=["avatar", "updated_at"])
    if name:
        # After the commit: a rollback would keep the reference to the old file.
        transaction.on_commit(partial(storage.delete, name), robust=True)


def _locked(user: User) -> User:
    """Return the current row of the user, locked until the end of the transaction."""
    users: QuerySet[User] = User.objects.select_for_update()
    current = users.filter(pk=user.pk, deleted_at=None).first()
    if current is None:
        raise InvalidToken
    return current
