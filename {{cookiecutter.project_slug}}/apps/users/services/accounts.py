"""A person's own data: profile, avatar, and the end of an account."""

from __future__ import annotations

import uuid
from datetime import timedelta
from functools import partial
from io import BytesIO
from typing import TYPE_CHECKING, Any

from axes.utils import reset as forget_failures
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import CASCADE, F, ProtectedError
from django.utils import timezone

from apps.core.images import image_read
from apps.core.validators import validate_extension, validate_size
from apps.users.authentication import lockout_key
from apps.users.exceptions import InvalidToken
from apps.users.models import User
from apps.users.services.sessions import session_end_all
from apps.users.signals import user_deleted

if TYPE_CHECKING:
    from django.core.files.uploadedfile import UploadedFile
    from django.db.models import QuerySet
    from PIL.Image import Image

# Longer than any link in a mail works.
UNVERIFIED_KEPT = timedelta(days=14)
AVATAR_MAX_BYTES = 2_000_000
AVATAR_MAX_PIXELS = (512, 512)
AVATAR_EXTENSIONS = frozenset({"jpg", "jpeg", "png", "webp", "gif"})
AVATAR_FORMATS = frozenset({"JPEG", "PNG", "WEBP", "GIF"})
# Databases limit the parameters of a statement.
KEYS_AT_ONCE = 500
PROFILE_FIELDS = frozenset({"first_name", "last_name"})


@transaction.atomic
def user_update(*, user: User, **fields: Any) -> User:
    """Change fields of the profile.

    Raises:
        ValidationError: a value is not valid.
        InvalidToken: the account was deleted meanwhile.
    """
    user = _locked(user)
    changed = [name for name in fields if name in PROFILE_FIELDS]
    for name in changed:
        setattr(user, name, fields[name])
    user.full_clean(validate_unique=False)
    user.save(update_fields=[*changed, "updated_at"])
    return user


def avatar_set(*, user: User, file: UploadedFile[Any]) -> None:
    """Replace the avatar by a picture drawn anew from the upload, so that nothing else in the file stays.

    Raises:
        ValidationError: too large, empty, or not an image that can be read.
        InvalidToken: the account was deleted meanwhile.
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
    """Let a user in no more; everything of theirs stays, and `is_active` brings it back."""
    user.is_active = False
    user.save(update_fields=["is_active", "updated_at"])
    session_end_all(user=user)


@transaction.atomic
def user_delete(*, user: User) -> None:
    """Delete an account: nothing that names the person is left.

    The row itself stays, without a name, so that what others rely on (the log of the admin, rows that refer
    to the user) keeps its reference.
    """
    if user.deleted_at:
        return
    forget_failures(username=lockout_key(None, {"username": user.email}))
    _scrub_admin_log(user)
    _avatar_replace(user, None)
    # Nobody can have registered it.
    user.email = f"{uuid.uuid4()}@deleted.invalid"
    user.first_name = user.last_name = user.new_email = ""
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
    """Accounts that were registered, never used, and given no rights."""
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
    """Remove accounts whose address nobody verified in time; returns how many.

    Nobody ever logged in to them, and whoever typed the address may not be its owner. Staff, members of
    groups, and accounts that others' rows refer to stay.
    """
    unverified = unverified_users().filter(created_at__lt=timezone.now() - UNVERIFIED_KEPT)
    if dry_run:
        return unverified.count()
    return sum(unverified_remove(unverified.filter(pk=pk)) for pk in unverified.values_list("pk", flat=True))


@transaction.atomic
def unverified_remove(users: QuerySet[User]) -> bool:
    """Remove one of `unverified_users`; returns False if there is none or other rows refer to it."""
    user = User.objects.select_for_update().filter(pk__in=users.values("pk")).first()
    if user is None:
        # Verified a moment ago.
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
    """Remove names and messages from entries about the user, and about rows that belong to the user."""
    for content_type in ContentType.objects.filter(logentry__isnull=False).distinct():
        model: Any = content_type.model_class()
        for field in model._meta.concrete_fields if model else ():  # noqa: SLF001 - Django's documented Options API
            owner = field.related_model is User and field.remote_field.on_delete is CASCADE
            if owner or (model is User and field.primary_key):
                rows = model._base_manager.filter(**{field.name: user.pk})  # noqa: SLF001 - deleted ones, too
                keys = [str(key) for key in rows.values_list("pk", flat=True)]
                for start in range(0, len(keys), KEYS_AT_ONCE):
                    entries = LogEntry.objects.filter(object_id__in=keys[start : start + KEYS_AT_ONCE])
                    about = entries.filter(content_type=content_type)
                    about.update(object_repr=F("object_id"), change_message="")


def _redraw(file: UploadedFile[Any]) -> ContentFile[bytes]:
    from PIL import ImageOps  # noqa: PLC0415 - 40 ms at start-up that only uploads need

    def thumbnail(image: Image) -> Image:
        # Smaller first: each pixel of the original that is drawn takes memory.
        image.thumbnail(AVATAR_MAX_PIXELS)
        return ImageOps.exif_transpose(image).convert("RGBA")

    buffer = BytesIO()
    image_read(file, formats=AVATAR_FORMATS, read=thumbnail).save(buffer, format="WEBP", quality=85)
    return ContentFile(buffer.getvalue(), name="avatar.webp")


@transaction.atomic
def _avatar_replace(user: User, content: ContentFile[bytes] | None) -> None:
    old = _locked(user).avatar
    storage, name = old.storage, old.name
    user.avatar = content or ""
    user.save(update_fields=["avatar", "updated_at"])
    if name:
        # Only once nothing refers to it any more.
        transaction.on_commit(partial(storage.delete, name), robust=True)


def _locked(user: User) -> User:
    """The user as they are now, kept so until the end of the transaction."""
    users: QuerySet[User] = User.objects.select_for_update()
    current = users.filter(pk=user.pk, deleted_at=None).first()
    if current is None:
        raise InvalidToken
    return current
