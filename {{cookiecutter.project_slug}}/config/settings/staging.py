"""Production, on a host whose certificate may still change: browsers are not told to insist for a year."""

from config import project
from config.env import env
from config.settings.production import *

SECURE_HSTS_SECONDS = 3600
SECURE_HSTS_INCLUDE_SUBDOMAINS = False
SECURE_HSTS_PRELOAD = False

# Production refuses tokens of staging, also with the same key.
if "TOKEN_ISSUER" not in env.given:
    SIMPLE_JWT = SIMPLE_JWT | {"ISSUER": f"{project.NAME}-staging"}
