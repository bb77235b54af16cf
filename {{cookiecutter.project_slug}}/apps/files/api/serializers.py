"""Input and output serializers of the files API. Output serializers list their fields explicitly."""

from typing import Any

from rest_framework import serializers

from apps.core.api.serializers import OutputSerializer
from apps.files.models import Download, Folder, Share, StoredFile, Upload

MAX_BYTES = 2**63 - 1


class FileInput(serializers.Serializer[Any]):
    file = serializers.FileField()
    folder = serializers.UUIDField(required=False, help_text="Key of an own folder.")


class FileMoveInput(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=255, required=False)
    folder = serializers.UUIDField(required=False, allow_null=True)


class FileOutput(OutputSerializer):
    folder = serializers.UUIDField(source="folder_id", read_only=True, allow_null=True)
    has_thumbnail = serializers.BooleanField(read_only=True)

    class Meta:
        model = StoredFile
        fields = [
            "id",
            "name",
            "size",
            "content_type",
            "checksum",
            "created_at",
            "folder",
            "has_thumbnail",
            "status",
        ]


class LinkOutput(serializers.Serializer[Any]):
    url = serializers.URLField(read_only=True)
    expires_at = serializers.DateTimeField(read_only=True)


class LinkQuery(serializers.Serializer[Any]):
    token = serializers.CharField(max_length=200)


class UploadInput(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=255, help_text="With an extension, such as `film.pdf`.")
    size = serializers.IntegerField(min_value=1, max_value=MAX_BYTES, help_text="In bytes.")
    folder = serializers.UUIDField(required=False, allow_null=True, help_text="Key of an own folder.")


class UploadOutput(OutputSerializer):
    folder = serializers.UUIDField(source="folder_id", read_only=True, allow_null=True)

    class Meta:
        model = Upload
        fields = [
            "id",
            "name",
            "size",
            "content_type",
            "offset",
            "folder",
            "created_at",
            "expires_at",
        ]


class TransferOutput(serializers.Serializer[Any]):
    """Request that sends the content of an upload."""

    method = serializers.ChoiceField(choices=["PATCH", "POST", "PUT"], read_only=True)
    url = serializers.URLField(read_only=True)
    headers = serializers.DictField(child=serializers.CharField(), read_only=True)
    form = serializers.DictField(
        child=serializers.CharField(), read_only=True, help_text="Fields of the form, empty without a form."
    )
    chunk_bytes = serializers.IntegerField(
        allow_null=True, read_only=True, help_text="Maximum length of a chunk; null without chunks."
    )


class UploadDetail(UploadOutput):
    transfer = TransferOutput(read_only=True)

    class Meta(UploadOutput.Meta):
        fields = [*UploadOutput.Meta.fields, "transfer"]


class OffsetHeader(serializers.Serializer[Any]):
    offset = serializers.IntegerField(min_value=0, max_value=MAX_BYTES)


class FolderInput(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=255)
    parent = serializers.UUIDField(required=False, allow_null=True)  # type: ignore[assignment] # also an attribute of the base


class FolderOutput(OutputSerializer):
    parent = serializers.UUIDField(source="parent_id", read_only=True, allow_null=True)  # type: ignore[assignment]

    class Meta:
        model = Folder
        fields = ["id", "name", "parent", "created_at"]


class ShareInput(serializers.Serializer[Any]):
    file = serializers.UUIDField(help_text="Key of an own file.")
    email = serializers.EmailField(required=False, help_text="Of a person; without it, a link is created.")
    expires_at = serializers.DateTimeField(required=False, help_text="Within a year, by default in a week.")
    max_downloads = serializers.IntegerField(
        required=False, min_value=1, max_value=1_000_000, help_text="Of a link; by default unlimited."
    )


class ShareOutput(OutputSerializer):
    file = serializers.UUIDField(source="file_id", read_only=True)

    class Meta:
        model = Share
        fields = ["id", "file", "email", "expires_at", "max_downloads", "downloads", "created_at"]


class ShareCreated(ShareOutput):
    url = serializers.URLField(read_only=True, allow_null=True, help_text="Null for a share with a person.")

    class Meta(ShareOutput.Meta):
        fields = [*ShareOutput.Meta.fields, "url"]


class DownloadOutput(OutputSerializer):
    share = serializers.UUIDField(source="share_id", read_only=True, allow_null=True)
    email = serializers.SerializerMethodField(
        help_text="Of the person; empty for links and deleted accounts."
    )

    class Meta:
        model = Download
        fields = ["id", "share", "email", "created_at"]

    def get_email(self, download: Download) -> str:
        return download.share.email if download.share else ""
