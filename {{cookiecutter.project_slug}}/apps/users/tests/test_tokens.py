"""What HTTP cannot reach; the rest is in `api/test_registration.py` and `api/test_passwords.py`."""

from datetime import timedelta

import pytest

from apps.users.exceptions import InvalidMailToken
from apps.users.models import User
from apps.users.tokens import MailToken

CONFIRMATION = MailToken("confirmation", timedelta(hours=1))
INVITATION = MailToken("invitation", timedelta(hours=1))


def test_a_token_is_redeemed_for_the_user_it_was_made_for(user: User) -> None:
    assert CONFIRMATION.redeem(CONFIRMATION.make(user)) == user


def test_a_token_for_one_purpose_is_refused_for_another(user: User) -> None:
    with pytest.raises(InvalidMailToken):
        INVITATION.redeem(CONFIRMATION.make(user))


def test_a_token_names_neither_the_address_nor_the_password(user: User) -> None:
    payload = CONFIRMATION.signer.unsign_object(CONFIRMATION.make(user))

    assert user.email not in str(payload)
    assert user.password not in str(payload)


def test_a_token_is_dead_once_all_sessions_end(user: User) -> None:
    token = CONFIRMATION.make(user)
    User.objects.update(session_epoch=user.session_epoch + 1)

    with pytest.raises(InvalidMailToken):
        CONFIRMATION.redeem(token)
