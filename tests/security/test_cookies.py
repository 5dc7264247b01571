"""A browser that launches all day: few cookies, and the windows that are used stay open."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from flask.testing import FlaskClient

from launch.errors import SessionEnded
from launch.routes import FORGET, ROOM
from smart_app.__main__ import Server
from tests.security.door import HOME, ISS, House


def launch(house: House, browser: FlaskClient) -> str:
    """Begin a launch; return its id."""
    house.ehr.clock.pass_by(60)
    query = {"iss": ISS, "launch": "l1"}
    answer = browser.get("/launch", query_string=query, base_url=HOME)
    return str(answer.headers["Location"].split("/")[2])


def held(browser: FlaskClient) -> dict[str, str]:
    """Return the launches' cookies that a browser holds."""
    return {one.key: one.value for one in browser._cookies.values()}


def kept(browser: FlaskClient, launch_id: str) -> bool:
    return f"__Host-s_{launch_id[:8]}" in held(browser)


def test_a_browser_holds_few_cookies_however_often_it_launches(house: House) -> None:
    browser = house.browser()
    launches = [launch(house, browser) for _ in range(3 * ROOM)]
    assert [kept(browser, one) for one in launches] == [False] * 2 * ROOM + [True] * ROOM
    for one in launches[: 2 * ROOM]:
        assert house.door.vault._row(one).ended_at is not None
    assert house.door.vault.pending(launches[-1], held(browser)[f"__Host-s_{launches[-1][:8]}"])


def test_a_window_that_is_used_stays_whatever_is_launched_beside_it(
    house: House, network: Any
) -> None:
    house.ehr.serve(network)
    browser = house.browser()
    answer = house.back(browser, house.begin(browser))
    used, idle = answer.headers["Location"].split("/")[2], launch(house, browser)
    for _ in range(2 * ROOM):
        launch(house, browser)
        secret = held(browser)[f"__Host-s_{used[:8]}"]
        assert house.door.vault.session(used, secret, 15).launch_id == used
    assert not kept(browser, idle)


def test_another_browsers_windows_are_left_alone(house: House) -> None:
    ours, theirs = house.browser(), house.browser()
    first = launch(house, ours)
    for _ in range(2 * ROOM):
        launch(house, theirs)
    assert house.door.vault.pending(first, held(ours)[f"__Host-s_{first[:8]}"])


def test_cookies_of_windows_that_are_over_go_first(house: House) -> None:
    browser = house.browser()
    first = launch(house, browser)
    for number in range(3 * FORGET):
        browser.set_cookie(f"__Host-s_{number:08}", "x" * 43, domain="preclear.example")
    for _ in range(3):
        launch(house, browser)
    assert len(held(browser)) == 4
    assert kept(browser, first)


def test_a_cookie_is_taken_as_it_was_given(house: House) -> None:
    browser = house.browser()
    browser.set_cookie("__Host-s_00000000", "x", domain="preclear.example")
    browser.set_cookie("other", "x", domain="preclear.example")
    query = {"iss": ISS, "launch": "l1"}
    answer = browser.get("/launch", query_string=query, base_url=HOME)
    taken = [one for one in answer.headers.getlist("Set-Cookie") if "Max-Age=0" in one]
    assert len(taken) == 1
    assert taken[0].startswith("__Host-s_00000000=;")
    for part in ("Secure", "HttpOnly", "SameSite=None", "Partitioned", "Path=/"):
        assert part in taken[0]


def test_what_a_browser_sends_fits_the_server(house: House) -> None:
    browser = house.browser()
    for _ in range(2 * ROOM):
        launch(house, browser)
    header = "; ".join(f"{name}={value}" for name, value in held(browser).items())
    world: Any = SimpleNamespace(config=SimpleNamespace(port=8000))
    settings = Server(world).cfg
    assert len(header) <= 600
    assert 8190 < settings.limit_request_field_size <= 32_768
    assert settings.limit_request_line == 8190


def test_an_evicted_window_says_that_it_has_ended(house: House, network: Any) -> None:
    house.ehr.serve(network)
    browser = house.browser()
    launch_id = house.back(browser, house.begin(browser)).headers["Location"].split("/")[2]
    secret = held(browser)[f"__Host-s_{launch_id[:8]}"]
    for _ in range(ROOM):
        launch(house, browser)
    with pytest.raises(SessionEnded):
        house.door.vault.session(launch_id, secret, 60)
