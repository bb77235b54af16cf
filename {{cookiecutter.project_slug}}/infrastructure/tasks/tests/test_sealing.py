import pytest
from pytest_django import Settings

from infrastructure.tasks.sealing import UnreadableError, seal, unseal

VALUE = [[], {"to": "ann@example.com"}]


def test_what_is_sealed_is_read_here_only(settings: Settings) -> None:
    sealed = seal(VALUE)
    assert "ann" not in sealed
    assert unseal(sealed) == VALUE
    settings.SECRET_KEY = "another-key-" * 5
    with pytest.raises(UnreadableError):
        unseal(sealed)


def test_a_key_that_is_replaced_still_reads(settings: Settings) -> None:
    sealed = seal(VALUE)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another-key-" * 5
    assert unseal(sealed) == VALUE
