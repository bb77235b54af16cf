"""Production, on a host whose certificate may still change: browsers are not told to insist for a year."""

from config.settings.production import *

SECURE_HSTS_SECONDS = 3600
SECURE_HSTS_INCLUDE_SUBDOMAINS = False
SECURE_HSTS_PRELOAD = False
