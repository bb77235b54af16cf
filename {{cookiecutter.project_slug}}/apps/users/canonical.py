"""Canonical forms of emails and passwords for storage, comparison and rate limits."""

from __future__ import annotations

import unicodedata
from contextlib import suppress
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, validate_email
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

EMAIL_MAX_LENGTH = 254
LOCAL_PART_MAX_LENGTH = 64
# Normalization takes quadratic time for runs of combining marks, so longer text is not normalized.
NORMALIZED_MAX_LENGTH = 512

_check_length = MaxLengthValidator(EMAIL_MAX_LENGTH)


def canonical_email(text: str) -> str:
    """Return the one ASCII form of an email: NFKC, lower case, the domain as IDNA 2008 A-labels.

    Raises:
        ValidationError: the email is not valid, too long, or has a local part that is not ASCII or is quoted:
            quotes make other spellings of the same mailbox.
    """
    if len(text) > NORMALIZED_MAX_LENGTH:
        _check_length(text)
    local, at, domain = unicodedata.normalize("NFKC", text).strip().rpartition("@")
    if not local.isascii():
        raise ValidationError(_("Use only ASCII characters before the @ of the email."), code="non_ascii")
    email = f"{local}{at}{_ascii_domain(domain)}".lower()
    _check_length(email)
    validate_email(email if len(local) <= LOCAL_PART_MAX_LENGTH and '"' not in local else "")
    return email


def canonical_password(text: str) -> str:
    """Return the NFKC form, so that a password does not depend on the keyboard (NIST SP 800-63B)."""
    return unicodedata.normalize("NFKC", text) if len(text) <= NORMALIZED_MAX_LENGTH else text


def email_digest(text: str, *, salt: str) -> str:
    """Return a keyed digest of an email for use as a counter key; invalid emails are hashed unchanged."""
    with suppress(ValidationError):
        text = canonical_email(text)
    return salted_hmac(salt, text.encode(errors="replace"), algorithm="sha256").hexdigest()


def lockout_key(_request: Any, credentials: dict[str, Any] | None = None) -> str:
    """Return the key that failed logins are counted by: a digest, so that no emails are stored."""
    email = str((credentials or {}).get("username") or (credentials or {}).get("email") or "")
    return email_digest(email, salt="apps.users.lockout")


class EmailFormField(forms.EmailField):
    def to_python(self, value: Any) -> Any:
        return canonical_email(text) if (text := super().to_python(value)) else text


def _ascii_domain(domain: str) -> str:
    """Return the A-labels of a domain; empty if the domain is not valid."""
    if domain.isascii() and "xn--" not in domain.lower():
        return domain
    import idna  # noqa: PLC0415 - 30 ms at start-up that few requests need

    with suppress(UnicodeError):
        return idna.encode(domain, uts46=True).decode("ascii")
    return ""
