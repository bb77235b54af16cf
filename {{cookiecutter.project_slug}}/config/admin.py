from importlib import import_module

from django.apps import apps
from django.contrib.admin.apps import SimpleAdminConfig
from django.utils.module_loading import module_has_submodule


class AdminConfig(SimpleAdminConfig):
    """Admin with the admin modules of all apps but `import_export`, which is loaded by the first import."""

    def ready(self) -> None:
        super().ready()
        for app in apps.get_app_configs():
            if app.name != "import_export" and module_has_submodule(app.module, "admin"):
                import_module(f"{app.name}.admin")
