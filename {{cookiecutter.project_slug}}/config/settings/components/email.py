"""Mail as Django 5.2 is told of it: by the settings of `mail.py`, which have the names of their variables.

https://docs.djangoproject.com/en/5.2/topics/email/
"""

from config.settings.components.mail import *
