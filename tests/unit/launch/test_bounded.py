"""A sign-in server whose answer breaks off, never ends or has no bottom has not answered."""

from __future__ import annotations

import threading

import pytest
import requests

from launch import bounded
from launch.authorize import exchange
from launch.discovery import Discovery, SmartConfiguration
from launch.errors import CodeRefused, DiscoveryFailed, GrantRefused
from launch.registration import Registration
from tests.unit.kit import NOW, FakeClock
from tests.unit.wire import BROKEN, ENDLESS, endless, plain, serving, trickling


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_configuration_is_none(name: str) -> None:
    with serving([BROKEN[name]]) as (base, _), pytest.raises(DiscoveryFailed):
        Discovery(FakeClock().now).of(base)


def token(base: str) -> None:
    here = Registration("site", (base,), "app", ("launch",), ())
    server = SmartConfiguration(f"{base}/authorize", f"{base}/token", None, None, None)
    exchange(here, server, "https://app.example/callback", code="c", verifier="v" * 43, now=NOW)


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_token_is_no_refusal_of_the_grant(name: str) -> None:
    with serving([BROKEN[name]]) as (base, _), pytest.raises(CodeRefused) as refused:
        token(base)
    assert not isinstance(refused.value, GrantRefused)


def test_no_more_is_read_than_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded, "MAX_BYTES", 200_000)
    with serving(endless(1000)) as (base, sent), pytest.raises(DiscoveryFailed):
        Discovery(FakeClock().now).of(base)
    assert len(sent) < 1000
    with serving(endless(1000)) as (base, sent), pytest.raises(CodeRefused):
        token(base)
    assert len(sent) < 1000


def test_no_answer_is_waited_for_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded, "LONGEST", -1.0)
    with serving([plain(b"{}")]) as (base, _), pytest.raises(DiscoveryFailed):
        Discovery(FakeClock().now).of(base)


@pytest.mark.parametrize("name", ENDLESS)
def test_an_answer_that_trickles_is_cut(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded, "LONGEST", 0.5)
    over, told = threading.Event(), []

    def ask(base: str) -> None:
        with pytest.raises(CodeRefused):
            token(base)
        told.append(name)

    with serving(trickling(ENDLESS[name], over)) as (base, _):
        asking = threading.Thread(target=ask, args=(base,), daemon=True)
        asking.start()
        asking.join(5)
        over.set()
        assert told == [name]


def test_a_connection_that_was_given_back_is_cut_by_nobody() -> None:
    with serving([plain(b"{}")]) as (base, _), requests.Session() as session:
        session.mount("http://", bounded.Watched())
        with bounded.Watch(60) as watch:
            response = session.get(base, stream=True)
            assert watch._socket is not None
            assert response.content == b"{}"
            assert watch._socket is None  # in the pool: the next exchange may have it
