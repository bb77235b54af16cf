from importlib import import_module

from config import admin


class AdminConfig(admin.AdminConfig):
    """Admin site of Unfold, with the theme for the model admins of all apps."""

    default_site = "unfold.sites.UnfoldAdminSite"

    def ready(self) -> None:
        super().ready()
        import_module("apps.core.admin.unfold").apply_theme()
