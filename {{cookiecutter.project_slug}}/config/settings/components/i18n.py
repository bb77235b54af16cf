"""Languages and time zone. https://docs.djangoproject.com/en/stable/topics/i18n/"""

from django.utils.translation import gettext_lazy as _

from config.env import BASE_DIR

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("de", _("German"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
# % filter replace("UTC", cookiecutter.timezone)
TIME_ZONE = "UTC"
# % endfilter
