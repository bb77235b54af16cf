"""Admin theme Unfold. https://unfoldadmin.com/docs/configuration/settings/"""

from config import project

# Unfold must come first, because its templates replace those of Django and django-import-export.
ADMIN_APPS = ["unfold.apps.BasicAppConfig", "unfold.contrib.import_export", "config.unfold.AdminConfig"]
# Directives that replace those of `SECURE_CSP` in the admin only. Alpine.js compiles the expressions in the
# attributes of the pages; popups are frames of the same origin.
ADMIN_CSP: dict[str, list[str]] = {
    "frame-ancestors": ["'self'"],
    "script-src": ["'self'", "'unsafe-eval'"],
}
UNFOLD = {
    "SITE_TITLE": project.TITLE,
    "SITE_HEADER": project.TITLE,
    # Browsers ask for /favicon.ico where a page names no icon.
    "SITE_FAVICONS": [{"rel": "icon", "href": "data:,"}],
}
