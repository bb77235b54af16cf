"""What HTTP cannot reach; the rest is in `api/test_me.py` and `api/test_avatar.py`."""

import pytest
from django.core.exceptions import ValidationError

from apps.users.models import User
from apps.users.services.accounts import user_update


def test_only_the_profile_is_updated(user: User) -> None:
    email = user.email

    user_update(user=user, first_name="Ada", email="mallory@example.com", is_superuser=True)

    user.refresh_from_db()
    assert (user.first_name, user.email, user.is_superuser) == ("Ada", email, False)


def test_a_profile_that_is_not_valid_is_not_stored(user: User) -> None:
    with pytest.raises(ValidationError) as failure:
        user_update(user=user, first_name="A" * 151)

    assert failure.value.message_dict.keys() == {"first_name"}
    user.refresh_from_db()
    assert user.first_name != "A" * 151
