"""Folders of a user, and moving and renaming of files.

Every change locks the owner, so that names stay unique and the tree stays a tree.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from apps.core.exceptions import NotFoundError
from apps.core.validators import extension_of
from apps.files.content_validation import FILE_TYPES
from apps.files.exceptions import invalid
from apps.files.models import Folder, StoredFile
from apps.files.selectors import folder_list
from apps.files.services.files import folder_get, name_check, name_normalized, owner_lock, shares_lock

if TYPE_CHECKING:
    from uuid import UUID

    from apps.users.models import User

MAX_DEPTH = 10
MAX_FOLDERS = 1000

Row = TypeVar("Row", StoredFile, Folder)


@transaction.atomic
def folder_create(*, owner: User, name: str, parent: UUID | None = None) -> Folder:
    """Create a folder.

    Raises:
        ValidationError: the name is not valid or exists, the parent does not exist, or a limit is exceeded.
    """
    owner_lock(owner.pk)
    folder = Folder(owner=owner, name=name_normalized(name))
    _place(folder, owner, parent)
    name_check(folder)
    folder.save(force_insert=True)
    return folder


@transaction.atomic
def folder_update(*, folder: Folder, **values: Any) -> Folder:
    """Rename a folder, or move it with its content.

    `values` are a new `name`, and the key of a new `parent` or None for no parent.

    Raises:
        ValidationError: the name is not valid or exists, the parent does not exist or is inside of the
            folder, or a limit is exceeded.
        NotFoundError: the folder was deleted concurrently.
    """
    owner = owner_lock(folder.owner_id)
    folder = _locked(folder)
    if "name" in values:
        folder.name = name_normalized(values["name"])
    if "parent" in values:
        _place(folder, owner, values["parent"])
    name_check(folder)
    folder.save()
    return folder


@transaction.atomic
def folder_delete(*, folder: Folder) -> None:
    """Delete a folder with its folders and files; blobs are deleted after commit."""
    owner_lock(folder.owner_id)
    shares_lock(owner=folder.owner_id)
    folder.delete()


@transaction.atomic
def file_move(*, file: StoredFile, **values: Any) -> StoredFile:
    """Rename a file, or move it into a folder.

    `values` are a new `name`, and the key of a new `folder` or None for no folder.

    Raises:
        ValidationError: the name is not valid, exists, or has the extension of another content type, or the
            folder does not exist.
        NotFoundError: the file was deleted concurrently.
    """
    owner = owner_lock(file.owner_id)
    file = _locked(file)
    if "name" in values:
        file.name = name_normalized(values["name"])
        file_type = FILE_TYPES.get(extension_of(file.name))
        if file_type is None or file_type.content_type != file.content_type:
            raise invalid("name", _("The extension does not match the content of the file."), "extension")
    if "folder" in values:
        file.folder = folder_get(owner, values["folder"])
    name_check(file)
    file.save(update_fields=["name", "folder", "updated_at"])
    return file


def _locked(row: Row) -> Row:
    """Return the current row, locked until the end of the transaction."""
    current = type(row)._default_manager.select_for_update(no_key=True).filter(pk=row.pk).first()  # noqa: SLF001 - documented
    if current is None:
        raise NotFoundError
    return current


def _place(folder: Folder, owner: User, parent: UUID | None) -> None:
    """Set the parent of a new or moved folder, so that the tree stays a tree within the limits."""
    folder.parent = folder_get(owner, parent, field="parent")
    parents: dict[UUID, UUID | None] = dict(folder_list(owner=owner).values_list("pk", "parent_id"))
    if folder.pk not in parents and len(parents) >= MAX_FOLDERS:
        raise ValidationError(_("You have too many folders."), code="too_many")
    above = _path(parents, parent)
    if folder.pk in above:
        raise invalid("parent", _("A folder cannot be moved into itself."), "cycle")
    paths = (_path(parents, key) for key in parents)
    height = max((path.index(folder.pk) + 1 for path in paths if folder.pk in path), default=1)
    if len(above) + height > MAX_DEPTH:
        raise invalid("parent", _("Folders can be nested %(max)d levels deep."), "too_deep", max=MAX_DEPTH)


def _path(parents: dict[UUID, UUID | None], key: UUID | None) -> list[UUID]:
    """Return a folder and those above it."""
    path = []
    while key is not None:
        path.append(key)
        key = parents[key]
    return path
