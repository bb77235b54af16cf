"""Staging settings: production with a short HSTS period, as the certificate may still change."""

from config import project
from config.env import env
from config.settings.production import *

SECURE_HSTS_SECONDS = 3600
SECURE_HSTS_INCLUDE_SUBDOMAINS = False
SECURE_HSTS_PRELOAD = False

# Production must reject tokens of staging even if the key is the same.
if "TOKEN_ISSUER" not in env.given:
    SIMPLE_JWT = SIMPLE_JWT | {"ISSUER": f"{project.NAME}-staging"}
