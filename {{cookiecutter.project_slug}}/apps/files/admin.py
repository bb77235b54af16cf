from typing import ClassVar

from django.contrib import admin

from apps.core.admin import ReadOnlyAdmin
from apps.files.models import Download, Folder, Share, StoredFile, Upload


class OwnedAdmin(ReadOnlyAdmin):
    """Base of admins of rows that belong to a user."""

    list_select_related: ClassVar[tuple[str, ...]] = ("owner",)
    search_fields: ClassVar[tuple[str, ...]] = ("name", "owner__email")
    date_hierarchy = "created_at"


@admin.register(StoredFile)
class StoredFileAdmin(OwnedAdmin):
    """Admin to search and delete files. It offers no download: the content is private to the owner."""

    list_display = ("name", "owner", "content_type", "size", "status", "created_at")
    list_filter = ("status", "content_type", "created_at")
    search_fields = ("name", "owner__email", "checksum")
    export_fields = ("id", "owner_id", "name", "content_type", "size", "checksum", "created_at")
    fields = (
        "id",
        "owner",
        "name",
        "content_type",
        "size",
        "checksum",
        "status",
        "folder",
        "storage_name",
        "thumbnail_name",
        "created_at",
        "updated_at",
    )


@admin.register(Upload)
class UploadAdmin(OwnedAdmin):
    """Admin of uploads in progress; deleting one also deletes the content that was uploaded."""

    list_display = ("name", "owner", "size", "offset", "created_at", "expires_at")
    list_filter = ("expires_at",)
    export_fields = ("id", "owner_id", "name", "content_type", "size", "offset", "created_at", "expires_at")
    fields = (
        "id",
        "owner",
        "name",
        "content_type",
        "size",
        "offset",
        "storage_name",
        "created_at",
        "expires_at",
    )


@admin.register(Folder)
class FolderAdmin(OwnedAdmin):
    """Admin of folders; deleting one also deletes its folders and files."""

    list_display = ("name", "owner", "parent", "created_at")
    list_filter = ("created_at",)
    list_select_related = ("owner", "parent")
    export_fields = ("id", "owner_id", "parent_id", "name", "created_at")
    fields = ("id", "owner", "parent", "name", "created_at", "updated_at")


@admin.register(Share)
class ShareAdmin(OwnedAdmin):
    """Admin of shares; deleting one revokes it."""

    list_display = ("id", "owner", "email", "downloads", "max_downloads", "expires_at", "revoked_at")
    list_filter = ("expires_at", "revoked_at")
    search_fields = ("owner__email", "email")
    export_fields = ("id", "owner_id", "file_id", "email", "downloads", "max_downloads", "expires_at")
    fields = ("id", "owner", "file", "email", "downloads", "max_downloads", "expires_at", "revoked_at")


@admin.register(Download)
class DownloadAdmin(ReadOnlyAdmin):
    """Admin of the download log."""

    list_display = ("id", "file", "share", "created_at")
    list_filter = ("created_at",)
    list_select_related = ("file", "share")
    search_fields = ("=file__id", "=share__id")
    date_hierarchy = "created_at"
    export_fields = ("id", "file_id", "share_id", "created_at")
    fields = ("id", "file", "share", "created_at")
