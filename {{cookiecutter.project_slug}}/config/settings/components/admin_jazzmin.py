"""Admin theme Jazzmin. https://django-jazzmin.readthedocs.io/configuration/"""

# Jazzmin must come first, because its templates replace those of Django and django-import-export.
ADMIN_APPS = ["jazzmin", "config.admin.AdminConfig"]
# Directives that replace those of `SECURE_CSP` in the admin only. The hashes allow the inline scripts of this
# version and these settings; `tests/test_admin.py` prints the hash of each script that is not allowed.
ADMIN_CSP: dict[str, list[str]] = {
    "script-src": [
        "'self'",
        "'sha256-oufyiLq9heVNX0RFs532lnKzrs2pHgVyLVsyRlTCfQg='",  # color scheme, on all pages
        "'sha256-F7GVayJMLy0KHikNUhjbBcBE0ax/V4knxuE9lJsuA6A='",  # lists
        "'sha256-DT/ci/z/ofx36DBKYq8ZBDQ2sgAnvO+SmuKGfcZ95UU='",  # own password
        "'sha256-OQlLsGYyiAVVwdHnkEraaS+8yfFm7rTeYMfelN7RwuE='",  # password of a user
    ],
}
JAZZMIN_SETTINGS = {
    "use_google_fonts_cdn": False,
}
# Light or dark as the operating system is.
JAZZMIN_UI_TWEAKS = {
    "default_theme_mode": "auto",
}
