"""Service tests without HTTP; others are in `api/test_me.py` and `api/test_avatar.py`."""

import pytest
from django.core.exceptions import ValidationError

from apps.users.models import User
from apps.users.services.accounts import user_update


def test_user_update_changes_profile_fields_only(user: User) -> None:
    email = user.email
    user_update(user=user, first_name="Ada", email="mallory@example.com", is_superuser=True)
    user.refresh_from_db()
    assert (user.first_name, user.email, user.is_superuser) == ("Ada", email, False)


def test_user_update_rejects_invalid_profile(user: User) -> None:
    with pytest.raises(ValidationError) as failure:
        user_update(user=user, first_name="A" * 151)
    assert failure.value.message_dict.keys() == {"first_name"}
    user.refresh_from_db()
    assert user.first_name != "A" * 151
