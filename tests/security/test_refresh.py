"""A rotating refresh token is used once, by one, and a session ends when the EHR says so."""

from __future__ import annotations

import threading
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests
import responses
import sqlalchemy as sa

from launch import Bearer, Discovery, Registration, Registrations, Vault
from launch.errors import SessionEnded, SignInUnavailable, TokenRevoked
from launch.token import UNSTATED_LIFE, read
from launch.vault import launch_session
from smart_app.errors import ConfigError
from tests.security.door import CLIENT, HOME, ISS, House, a_house
from tests.unit.kit import NOW

Network = responses.RequestsMock


class Meeting:
    """Stand in for the pause of a waiting thread: it tells that it waits, until it is let go."""

    def __init__(self) -> None:
        self.waits, self.go_on = threading.Event(), threading.Event()

    def wait(self, _seconds: float) -> None:
        self.waits.set()
        self.go_on.wait(20)


class Impatient:
    """Stand in for a pause that is over at once."""

    def wait(self, _seconds: float) -> None:
        return


@pytest.fixture
def session(house: House, network: Network) -> str:
    """Open a session with a refresh token and return its launch id."""
    house.ehr.token = {"refresh_token": "refresh-1"}
    house.ehr.serve(network)
    browser = house.browser()
    answer = house.back(browser, house.begin(browser))
    network.remove("POST", f"{ISS}/token")
    house.ehr.posts.clear()
    return str(answer.headers["Location"].split("/")[2])


def a_bearer(house: House) -> Bearer:
    """Return a bearer as another process would have it."""
    site = Registration("site", (ISS,), CLIENT, ("patient/Patient.rs",), ())
    now = house.ehr.clock.now
    return Bearer(house.door.vault, Discovery(now), Registrations((site,)), now)


def rotated(house: House, network: Network, **change: Any) -> None:
    """Answer a refresh with the next pair of tokens."""
    body = {"access_token": "access-2", "token_type": "Bearer", "refresh_token": "refresh-2"}
    network.post(f"{ISS}/token", json=body | {"expires_in": 300} | change)


def token_posts(network: Network) -> list[str]:
    posts = [call.request for call in network.calls if call.request.url == f"{ISS}/token"]
    return [str(one.body) for one in posts if "refresh_token" in str(one.body)]


def test_a_good_token_is_handed_out_without_asking(
    house: House, network: Network, session: str
) -> None:
    assert a_bearer(house).token(session) == "access-1"
    assert token_posts(network) == []


@pytest.mark.parametrize("refused", [None, "access-1"])
def test_an_old_or_refused_token_is_refreshed_and_rotated(
    house: House, network: Network, session: str, refused: str | None
) -> None:
    rotated(house, network)
    if refused is None:
        house.ehr.clock.pass_by(271)
    bearer = a_bearer(house)
    assert bearer.token(session, refused) == "access-2"
    assert bearer.token(session, "access-1") == "access-2"
    assert len(token_posts(network)) == 1
    assert "refresh-1" in token_posts(network)[0]
    assert "scope=" not in token_posts(network)[0]
    assert house.door.vault.tokens(session).refresh == "refresh-2"


def test_two_processes_refresh_once(house: House, network: Network, session: str) -> None:
    meeting, calls = Meeting(), []

    def answer(request: Any) -> tuple[int, dict[str, str], str]:
        calls.append(request.body)
        assert meeting.waits.wait(20), "the other one did not wait"
        body = '{"access_token": "access-2", "token_type": "Bearer", "refresh_token": "r2"}'
        return 200, {}, body

    network.add_callback("POST", f"{ISS}/token", answer)
    first, second = a_bearer(house), a_bearer(house)
    first._pause = second._pause = meeting  # type: ignore[assignment]
    with ThreadPoolExecutor(2) as pool:
        both = [pool.submit(one.token, session, "access-1") for one in (first, second)]
        done = next(iter(_first_done(both)))
        assert done == "access-2"
        meeting.go_on.set()
        assert [one.result(20) for one in both] == ["access-2", "access-2"]
    assert len(calls) == 1


def _first_done(futures: list[Future[str]]) -> list[str]:
    return [one.result() for one in wait(futures, 20, FIRST_COMPLETED).done]


@pytest.mark.parametrize(("status", "error"), [(400, "invalid_grant"), (401, "invalid_client")])
def test_a_refused_refresh_token_ends_it_and_is_never_tried_again(
    house: House, network: Network, session: str, status: int, error: str
) -> None:
    network.post(f"{ISS}/token", json={"error": error}, status=status)
    bearer = a_bearer(house)
    for _ in range(2):
        with pytest.raises(TokenRevoked):
            bearer.token(session, "access-1")
    assert len(token_posts(network)) == 1


@pytest.mark.parametrize(
    "answer",
    [
        {"status": 503, "json": {"error": "invalid_grant"}},
        {"status": 503, "body": "<html>"},
        {"status": 200, "body": "<html>"},
        {"status": 200, "json": {"resourceType": "OperationOutcome"}},
        {"status": 401, "json": {"resourceType": "OperationOutcome"}},
        {"status": 400, "json": {"error": "temporarily_unavailable"}},
        {"status": 400, "json": {"error": ["invalid_grant"]}},
        {"status": 429, "json": []},
        {"status": 302, "headers": {"Location": f"{ISS}/x"}},
        {"body": requests.ConnectTimeout()},
    ],
    ids=str,
)
def test_an_outage_of_the_token_endpoint_ends_nothing(
    house: House, network: Network, session: str, answer: dict[str, Any]
) -> None:
    network.post(f"{ISS}/token", **answer)
    bearer = a_bearer(house)
    with pytest.raises(SignInUnavailable) as told:
        bearer.token(session, "access-1")
    assert told.value.http_status == 503
    network.remove("POST", f"{ISS}/token")
    rotated(house, network)
    assert bearer.token(session, "access-1") == "access-2"
    assert "refresh-1" in token_posts(network)[-1]


def test_a_refusal_that_comes_after_the_lease_was_lost_drops_nothing(
    house: House, network: Network, session: str
) -> None:
    def late(_request: Any) -> tuple[int, dict[str, str], str]:
        house.ehr.clock.pass_by(31)
        vault = house.door.vault
        assert vault.lease(session, 0, "another")
        vault.renew(session, "another", replace(vault.tokens(session), refresh="refresh-2"))
        return 400, {}, '{"error": "invalid_grant"}'

    network.add_callback("POST", f"{ISS}/token", late)
    with pytest.raises(TokenRevoked):
        a_bearer(house).token(session, "access-1")
    assert house.door.vault.tokens(session).refresh == "refresh-2"


def test_who_waits_in_vain_for_another_is_told_to_try_again(house: House, session: str) -> None:
    bearer = a_bearer(house)
    bearer._pause = Impatient()  # type: ignore[assignment]
    assert house.door.vault.lease(session, 0, "another")
    with pytest.raises(SignInUnavailable):
        bearer.token(session, "access-1")
    assert house.door.vault.tokens(session).refresh == "refresh-1"


def test_without_a_refresh_token_the_sign_in_ends(house: House, network: Network) -> None:
    house.ehr.serve(network)
    browser = house.browser()
    launch_id = house.back(browser, house.begin(browser)).headers["Location"].split("/")[2]
    with pytest.raises(TokenRevoked):
        a_bearer(house).token(launch_id, "access-1")


IDLE = {"site": 15}


def refresh_of(house: House, session: str) -> str | None:
    """Return the refresh token that is still there."""
    try:
        return house.door.vault.tokens(session).refresh
    except SessionEnded:
        return None


def test_a_case_keeps_the_token_when_the_window_ends_and_no_longer(
    house: House, session: str
) -> None:
    vault = house.door.vault
    assert vault.keep(session, "case-1")
    vault.end(session)
    assert refresh_of(house, session) == "refresh-1"
    vault.forget("case-1", IDLE)
    assert refresh_of(house, session) is None


def test_two_cases_of_a_launch_keep_its_token_until_both_have_ended(
    house: House, session: str
) -> None:
    bearer, vault = a_bearer(house), house.door.vault
    for case in ("case-1", "case-2", "case-1"):
        assert vault.keep(session, case)
    vault.end(session)
    vault.forget("case-2", IDLE)
    assert bearer.context(session, "case-1").launch_id == session
    assert refresh_of(house, session) == "refresh-1"
    with pytest.raises(SessionEnded):
        bearer.context(session, "case-2")
    vault.forget("case-1", IDLE)
    assert refresh_of(house, session) is None


@pytest.mark.parametrize(("minutes", "left"), [(1, "refresh-1"), (16, None)])
def test_a_case_that_ends_takes_nothing_from_a_window_that_is_used(
    house: House, session: str, minutes: int, left: str | None
) -> None:
    vault = house.door.vault
    assert vault.keep(session, "case-1")
    house.ehr.clock.pass_by(minutes * 60)
    vault.forget("case-1", IDLE)
    assert refresh_of(house, session) == left
    assert vault.keep(session, "case-2") is (left is not None)


def test_no_token_is_kept_for_longer_than_a_decision_takes(house: House, session: str) -> None:
    vault = house.door.vault
    vault.keep(session, "case-1")
    for days, left in ((29, "refresh-1"), (2, None)):
        house.ehr.clock.pass_by(days * 86_400)
        vault.sweep(IDLE)
        assert refresh_of(house, session) == left


def test_without_a_case_the_tokens_go_with_the_window(house: House, session: str) -> None:
    house.door.vault.end(session)
    with pytest.raises(SessionEnded):
        house.door.vault.tokens(session)


def test_a_case_is_filed_by_a_launch_that_lives_or_is_kept_for_it(
    house: House, session: str
) -> None:
    bearer, vault = a_bearer(house), house.door.vault
    assert bearer.context(session, "case-1").launch_id == session
    house.ehr.clock.pass_by(16 * 60)
    with pytest.raises(SessionEnded):
        bearer.context(session, "case-1")
    vault.keep(session, "case-1")
    assert bearer.context(session, "case-1").launch_id == session
    with pytest.raises(SessionEnded):
        bearer.context(session, "case-2")


@pytest.mark.parametrize("how", ["ended", "old", "unknown"])
def test_no_case_is_filed_by_a_launch_that_is_over(house: House, session: str, how: str) -> None:
    vault = house.door.vault
    if how == "ended":
        vault.end(session)
    elif how == "old":
        house.ehr.clock.pass_by(8 * 3600 + 1)
        with vault._engine.begin() as db:
            seen = house.ehr.clock.now().timestamp()
            db.execute(launch_session.update().values(seen_at=seen))
    with pytest.raises(SessionEnded):
        a_bearer(house).context("nobody" if how == "unknown" else session, "case-1")


@pytest.mark.parametrize("kept", [True, False])
@pytest.mark.parametrize("minutes", [14, 16, 8 * 60 + 1])
def test_a_new_launch_takes_the_tokens_of_deserted_ones(
    house: House, session: str, minutes: int, kept: bool
) -> None:
    vault = house.door.vault
    if kept:
        vault.keep(session, "case-1")
    house.ehr.clock.pass_by(minutes * 60)
    house.begin(house.browser())
    if kept or minutes == 14:
        assert vault.tokens(session).refresh == "refresh-1"
        return
    with pytest.raises(SessionEnded):
        vault.tokens(session)
    with vault._reads.begin() as db:
        left = db.execute(sa.select(launch_session.c.id)).scalars().all()
    assert (session in left) == (minutes == 16)  # a day's launches are all that is ever stored


def test_a_token_moved_to_another_launch_does_not_open(
    house: House, session: str, tmp_path: Path
) -> None:
    vault: Vault = house.door.vault
    other, _ = vault.begin("site", ISS, "l2")
    with vault._engine.begin() as db:
        moved = vault._row(session).token
        db.execute(launch_session.update().where(launch_session.c.id == other).values(token=moved))
    with pytest.raises(ConfigError):
        vault.tokens(other)


@pytest.mark.parametrize("seconds", [1801, 9 * 3600])
def test_an_idle_or_old_window_ends(house: House, network: Network, seconds: int) -> None:
    house.ehr.serve(network)
    browser = house.browser()
    launch_id = house.back(browser, house.begin(browser)).headers["Location"].split("/")[2]
    secret = next(one.value for one in browser._cookies.values() if launch_id[:8] in one.key)
    vault = house.door.vault
    assert vault.session(launch_id, secret, 30).launch_id == launch_id
    house.ehr.clock.pass_by(seconds)
    for _ in range(2):
        with pytest.raises(SessionEnded):
            vault.session(launch_id, secret, 10**6 if seconds > 1801 else 30)


def test_a_session_needs_its_own_cookie(house: House, network: Network) -> None:
    house.ehr.serve(network)
    secrets = {}
    for _ in range(2):
        browser = house.browser()
        launch_id = house.back(browser, house.begin(browser)).headers["Location"].split("/")[2]
        named = [one for one in browser._cookies.values() if launch_id[:8] in one.key]
        secrets[launch_id] = named[0].value
    (one, ours), (_, theirs) = secrets.items()
    assert house.door.vault.session(one, ours, 30)
    for wrong in (theirs, "", None, ours + "x"):
        with pytest.raises(SessionEnded):
            house.door.vault.session(one, wrong, 30)


def test_the_secret_before_the_sign_in_is_worth_nothing_after_it(
    house: House, network: Network
) -> None:
    house.ehr.serve(network)
    browser = house.browser()
    state = house.begin(browser)
    before = next(iter(browser._cookies.values())).value
    launch_id = house.back(browser, state).headers["Location"].split("/")[2]
    with pytest.raises(SessionEnded):
        house.door.vault.session(launch_id, before, 30)


def test_what_a_token_response_leaves_out() -> None:
    found = read({"access_token": "a"}, ("asked",), NOW)
    assert (found.scope, found.refresh) == (("asked",), None)
    assert found.expires_at == NOW.timestamp() + UNSTATED_LIFE
    stated = read({"access_token": "a", "scope": "x y", "expires_in": "60"}, ("asked",), NOW)
    assert (stated.scope, stated.expires_at) == (("x", "y"), NOW.timestamp() + 60)


def test_home_is_where_the_browser_comes_back_to(tmp_path: Path) -> None:
    house = a_house(tmp_path)
    assert house.door.redirect_uri == f"{HOME}/callback"
    house.door.vault._reads.dispose()
