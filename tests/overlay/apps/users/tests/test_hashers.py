from django.contrib.auth import hashers

from apps.users.hashers import Argon2PasswordHasher

PASSWORD = "correct horse battery"


def test_argon2_parameters_meet_owasp_minimum() -> None:
    parts = Argon2PasswordHasher().decode(Argon2PasswordHasher().encode(PASSWORD, "salt" * 6))
    assert parts["variety"] == "argon2id"
    assert parts["memory_cost"] >= 19 * 1024
    assert parts["time_cost"] >= 2


def test_password_with_other_parameters_is_valid_and_rehashed() -> None:
    other = hashers.Argon2PasswordHasher()
    other.memory_cost = 1024
    encoded = other.encode(PASSWORD, "salt" * 6)
    assert Argon2PasswordHasher().verify(PASSWORD, encoded)
    assert Argon2PasswordHasher().must_update(encoded)
