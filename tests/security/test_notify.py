"""The one address that needs no session: opened by its secret, it tells nothing and keeps first."""

from __future__ import annotations

from typing import Any

import pytest

from tests.security.office import Office
from tests.unit.pas.test_decision import an_answer, an_answer_item
from tests.unit.told import event, notification

SECRET = "s" * 43


def post(office: Office, name: str, body: Any, secret: str = SECRET, **more: Any) -> Any:
    headers = {"Authorization": f"Bearer {secret}"}
    sent = more or {"json": body}
    return office.app.test_client().post(f"/notify/{name}", headers=headers, **sent)


@pytest.fixture
def name(office: Office) -> str:
    with office.world.store.write() as db:
        return office.world.inbox.add(db, "payer", "site", SECRET)


@pytest.mark.req(
    "pas-2.0.1@subscriptions-backport_1.1.0@24", "pas-2.2.1@subscriptions-backport_1.1.0@24"
)
def test_a_handshake_is_acknowledged(office: Office, name: str) -> None:
    answer = post(office, name, notification("handshake"))
    assert (answer.status_code, answer.data) == (204, b"")
    assert office.world.inbox.listeners()[0].state == "active"


def test_what_is_acknowledged_is_kept(office: Office, name: str) -> None:
    told = event(1, an_answer(an_answer_item("A1")))
    for _ in range(2):
        assert post(office, name, told).status_code == 204
    assert office.world.inbox.counts("site") == {"new": 1}
    (task,) = office.world.tasks.of_case(name)
    assert task.kind == "heard"
    assert office.world.inbox.mail(task.key.rpartition(":")[2]).body == told


@pytest.mark.parametrize("secret", ["", "x", "s" * 42])
def test_without_the_secret_nothing_is_told_or_kept(office: Office, name: str, secret: str) -> None:
    wrong = post(office, name, event(1), secret)
    nobody = post(office, "another", event(1))
    assert (wrong.status_code, wrong.data) == (nobody.status_code, nobody.data)
    assert wrong.status_code == 401
    assert office.world.inbox.counts("site") == {}


@pytest.mark.parametrize(
    "data", [b"", b"{", b"[" * 100_000, b'"text"', b"\xff\xfe", b"<html></html>"]
)
def test_what_is_no_notification_is_refused_in_words(
    office: Office, name: str, data: bytes
) -> None:
    answer = post(office, name, None, data=data)
    assert answer.status_code == 400
    assert answer.json["resourceType"] == "OperationOutcome"


def test_it_is_no_page(office: Office, name: str) -> None:
    assert office.app.test_client().get(f"/notify/{name}").status_code == 404
