"""API errors of the files app."""

from http import HTTPStatus

from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import APIException, PermissionDenied


class StorageUnavailable(APIException):
    status_code = HTTPStatus.SERVICE_UNAVAILABLE
    default_detail = _("The file storage is temporarily unavailable.")
    default_code = "storage_unavailable"


class LinkNotValid(PermissionDenied):
    default_detail = _("The link is invalid or has expired. Request a new one.")
    default_code = "link_not_valid"
