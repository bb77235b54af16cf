"""Uploads in a container of Azure Blob Storage. docs/media-azure.md

Without a container they stay on disk, so that nothing but the project is needed to develop.
"""

from typing import Any

from config.env import env
from config.settings.components import storage

_container: str = env("AZURE_CONTAINER", default="")
_connection: str = env("AZURE_CONNECTION_STRING", default="")

# The second names the account too.
MEDIA_REQUIRED = ["AZURE_CONTAINER", *([] if _connection else ["AZURE_ACCOUNT_NAME"])]

if _container:
    _azure = {
        "azure_container": _container,
        "account_name": env("AZURE_ACCOUNT_NAME", default=None),
        # Without it Azure's libraries ask for the role of the machine.
        "account_key": env("AZURE_ACCOUNT_KEY", default=None),
        # In place of the two, and for servers elsewhere.
        "connection_string": _connection or None,
        # No address that does not expire.
        "expiration_secs": storage.FILE_LINK_SECONDS,
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
        "default": {"BACKEND": "apps.core.storages.azure.PrivateAzureStorage", "OPTIONS": _azure},
    }
