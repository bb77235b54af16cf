from django.contrib.auth import hashers

from apps.users.hashers import Argon2PasswordHasher

PASSWORD = "correct horse battery"


def test_a_password_costs_what_is_recommended_at_least() -> None:
    parts = Argon2PasswordHasher().decode(Argon2PasswordHasher().encode(PASSWORD, "salt" * 6))
    assert parts["variety"] == "argon2id"
    assert parts["memory_cost"] >= 19 * 1024
    assert parts["time_cost"] >= 2


def test_a_password_that_cost_something_else_is_still_right_and_is_hashed_anew() -> None:
    encoded = hashers.Argon2PasswordHasher().encode(PASSWORD, "salt" * 6)
    assert Argon2PasswordHasher().verify(PASSWORD, encoded)
    assert Argon2PasswordHasher().must_update(encoded)
