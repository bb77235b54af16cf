from rest_framework.request import Request
from rest_framework.views import APIView

from apps.core.api.throttling import UserThrottle


class UploadThrottle(UserThrottle):
    """Limit of started uploads per user.

    A signed request stays valid after the upload was aborted, so that the quota does not bound what a client
    writes to a bucket until `purge_files` runs.
    """

    scope = "upload"

    def get_client(self, request: Request, view: APIView) -> str | None:
        starts = request.method == "POST" and getattr(view, "action", "") == "create"
        return super().get_client(request, view) if starts else None
