"""Uploads in a container of Azure Blob Storage. docs/media-azure.md

Without a container, uploads are stored on disk, so that development needs no service.
"""

from typing import Any

from config.env import Form, env
from config.settings.components import storage

_CONTAINER = Form(r"\$root|(?=.{3,63}$)[a-z0-9]+(?:-[a-z0-9]+)*", "a container's name, such as uploads")
_ACCOUNT = Form(
    r"[a-z0-9]{3,24}", "an account's name of 3 to 24 lower-case letters and digits, such as uploads"
)
_KEY = Form(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?", "the account's key in Base64")
_CONNECTION = Form(r"\w+=[^;]*(?:;\w+=[^;]*)*;?", "name=value;name=value, as Azure's portal shows it")

_container = env.text("AZURE_CONTAINER", form=_CONTAINER)
_account = env.text("AZURE_ACCOUNT_NAME", form=_ACCOUNT)
_key = env.text("AZURE_ACCOUNT_KEY", form=_KEY, secret=True)
_connection = env.text("AZURE_CONNECTION_STRING", form=_CONNECTION, secret=True)

# A connection string contains the account name.
MEDIA_REQUIRED = ["AZURE_CONTAINER", *([] if _connection else ["AZURE_ACCOUNT_NAME"])]
# Lifetime of the URLs that `storage.url()` signs.
MEDIA_LINK_SECONDS = 300

if _container:
    _azure = {
        "azure_container": _container,
        "account_name": _account or None,
        # Without a key, the managed identity of the machine is used.
        "account_key": _key or None,
        # Replaces name and key; also for other servers.
        "connection_string": _connection or None,
        # All URLs are signed and expire.
        "expiration_secs": MEDIA_LINK_SECONDS,
        "overwrite_files": False,
        "max_memory_size": storage.FILE_UPLOAD_MAX_MEMORY_SIZE,
        "timeout": 20,
        "client_options": {
            "connection_timeout": 5,
            "read_timeout": 20,
            "retry_total": 2,
            "initial_backoff": 1,
            "increment_base": 2,
        },
    }
    STORAGES: dict[str, Any] = {
        **storage.STORAGES,
        "default": {"BACKEND": "infrastructure.storage.azure.PrivateAzureStorage", "OPTIONS": _azure},
    }
