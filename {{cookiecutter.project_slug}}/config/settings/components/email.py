"""Mail settings for Django 5.2 (`EMAIL_…`), from `mail.py`.

https://docs.djangoproject.com/en/5.2/topics/email/
"""

from config.settings.components.mail import *
