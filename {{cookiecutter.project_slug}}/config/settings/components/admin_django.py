"""Admin theme of Django. It needs neither an app of its own nor a weaker Content-Security-Policy."""

ADMIN_APPS = ["config.admin.AdminConfig"]
# Directives that replace those of `SECURE_CSP` in the admin only.
ADMIN_CSP: dict[str, list[str]] = {}
