"""Token tests without HTTP; others are in `api/test_registration.py` and `api/test_passwords.py`."""

import pytest

from apps.users.exceptions import InvalidMailToken
from apps.users.models import User
from apps.users.tokens import MailToken

CONFIRMATION, INVITATION = MailToken(), MailToken()
CONFIRMATION.key_salt, INVITATION.key_salt = "tests.confirmation", "tests.invitation"


def test_mail_token_is_invalid_for_another_purpose(user: User) -> None:
    with pytest.raises(InvalidMailToken):
        INVITATION.redeem(CONFIRMATION.make(user))


def test_mail_token_is_invalid_after_logout_everywhere(user: User) -> None:
    token = CONFIRMATION.make(user)
    User.objects.update(session_epoch=user.session_epoch + 1)
    with pytest.raises(InvalidMailToken):
        CONFIRMATION.redeem(token)
