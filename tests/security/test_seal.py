"""Encryption at rest: a value opens only at its place, unchanged, with its key."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from smart_app.errors import ConfigError
from smart_app.seal import Seal

OLD, NEW = b"o" * 32, b"n" * 32
PLACE = "pa_case:1:body"


def test_a_value_opens_at_its_place() -> None:
    seal = Seal((NEW,))
    assert seal.open(PLACE, seal.lock(PLACE, b"secret")) == b"secret"


@pytest.mark.parametrize("place", ["pa_case:2:body", "pa_case:1:other", ""])
def test_a_moved_value_does_not_open(place: str) -> None:
    seal = Seal((NEW,))
    with pytest.raises(ConfigError):
        seal.open(place, seal.lock(PLACE, b"secret"))


@pytest.mark.parametrize("position", [8, 19, 20, -1])
def test_a_changed_value_does_not_open(position: int) -> None:
    seal = Seal((NEW,))
    sealed = bytearray(seal.lock(PLACE, b"secret"))
    sealed[position] ^= 1
    with pytest.raises(ConfigError):
        seal.open(PLACE, bytes(sealed))


def test_equal_values_do_not_look_equal() -> None:
    seal = Seal((NEW,))
    assert seal.lock(PLACE, b"secret") != seal.lock(PLACE, b"secret")


def test_an_older_key_still_opens_and_the_newest_locks() -> None:
    sealed = Seal((OLD,)).lock(PLACE, b"secret")
    both = Seal((NEW, OLD))
    assert both.open(PLACE, sealed) == b"secret"
    assert Seal((NEW,)).open(PLACE, both.lock(PLACE, b"secret")) == b"secret"
    with pytest.raises(ConfigError):
        Seal((NEW,)).open(PLACE, sealed)


def test_blind_keys_need_the_key_and_outlive_a_rotation() -> None:
    assert Seal((OLD,)).blind("1S00EX0MP78") != Seal((NEW,)).blind("1S00EX0MP78")
    assert Seal((OLD,)).blind("1S00EX0MP78") == Seal((NEW, OLD)).blind("1S00EX0MP78")


@pytest.mark.parametrize("text", ["", "not base64!", base64.b64encode(b"short").decode()])
def test_an_unfit_key_file_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "key").write_text(text)
    with pytest.raises(ConfigError):
        Seal.of_file(tmp_path / "key")
