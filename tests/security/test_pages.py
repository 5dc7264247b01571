"""Whose page it is: path, cookie, record, patient and token are matched on every request."""

from __future__ import annotations

import secrets
from dataclasses import replace

import pytest

from launch import cookie_name, csrf_token
from smart_app.cases.model import Event
from smart_app.cases.schema.tables import audit, kv
from smart_app.world import build
from tests.security.office import Office
from tests.unit.kit import NOW

SAME = {"Sec-Fetch-Site": "same-origin"}


CASE = "/case/case-1"


def test_another_patients_window_finds_no_case(office: Office) -> None:
    assert office.window("bob").get(CASE).status_code == 404
    assert office.window("ann", "https://another.example/fhir").get(CASE).status_code == 404
    assert office.window("ann").get("/case/nowhere").status_code == 404


@pytest.mark.parametrize("path", ["/", "/nowhere", "/static/nothing.css"])
def test_an_address_of_nothing_says_where_preclear_is_opened(office: Office, path: str) -> None:
    answer = office.app.test_client().get(path)
    assert answer.status_code == 404
    assert "Open Preclear from an order in the chart." in answer.get_data(as_text=True)


def test_the_launch_address_opened_by_hand_is_told_apart(office: Office) -> None:
    answer = office.app.test_client().get("/launch")
    assert answer.status_code == 400
    assert "Open Preclear from the chart" in answer.get_data(as_text=True)


def test_the_same_chart_with_a_slash_finds_its_case(office: Office) -> None:
    assert office.window("ann", office.iss + "/").get(CASE).status_code == 200
    assert office.window("ann", office.iss + "/x").get(CASE).status_code == 404


def test_a_page_needs_the_cookie_of_its_own_launch(office: Office) -> None:
    ann, bob = office.window("ann"), office.window("bob")
    assert bob.get(CASE, ann.launch_id).status_code == 401
    stolen = office.give(bob, cookie_name(ann.launch_id), bob.secret)
    assert stolen.get(CASE, ann.launch_id).status_code == 401
    assert bob.get(CASE, secrets.token_hex(16)).status_code == 401


def test_a_page_that_polls_does_not_keep_a_deserted_window_open(office: Office) -> None:
    ann, clock = office.window("ann"), office.clock
    for _ in range(3):  # a person who acts stays in
        clock.pass_by(29 * 60)
        assert ann.get(CASE).status_code == 200
    polls = []
    for _ in range(4):
        clock.pass_by(10 * 60)
        polls.append(ann.get(f"{CASE}/live", headers={"HX-Request": "true"}))
    assert [one.status_code for one in polls] == [200, 200, 200, 401]
    assert ["has ended" in one.text for one in polls] == [False, False, False, True]
    assert "every" not in polls[3].text  # and it polls no more
    assert ann.get(CASE).status_code == 401


def test_no_act_without_token_and_origin(office: Office) -> None:
    ann, bob = office.window("ann"), office.window("bob")
    routes = [one.rule for one in office.app.url_map.iter_rules() if "POST" in one.methods]
    acts = [one.removeprefix("/l/<launch_id>/case/<case_id>") for one in routes if "case_id" in one]
    assert {"/answer", "/settle", "/sign", "/letter"} <= set(acts)
    for act in acts:
        for headers in ({}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
            assert ann.post(CASE + act, headers).status_code == 403, act
        assert ann.post(CASE + act, SAME, csrf_token(bob.secret)).status_code == 403, act
    assert office.world.store.case("case-1").revision == 1


def test_every_route_that_changes_something_is_under_a_launch(office: Office) -> None:
    unsafe = [
        one.rule
        for one in office.app.url_map.iter_rules()
        if one.methods - {"GET", "HEAD", "OPTIONS"}
    ]
    assert unsafe
    elsewhere = [one for one in unsafe if not one.startswith("/l/<launch_id>/")]
    assert elsewhere == ["/notify/<name>"]  # payers', opened by a secret of its own


def test_refusals_tell_no_more_than_what_to_do(office: Office) -> None:
    answer = office.window("bob").get(CASE)
    for word in ("Traceback", "case-1", "Patient/", office.iss, "sqlite"):
        assert word not in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    assert "frame-ancestors http://127.0.0.1" in answer.headers["Content-Security-Policy"]


def test_a_record_that_is_older_than_its_end_is_whole_after_a_start(office: Office) -> None:
    with office.world.store.write() as db:
        office.world.audit.append(db, "case-1", Event("opened", NOW))
        db.execute(kv.delete())
    assert office.world.audit.record("case-1").broken_at == 2
    again = build(office.world.config, office.clock, engines=0)
    assert again.audit.record("case-1").broken_at is None
    again.store.engine.dispose()


def test_a_page_says_that_its_record_was_changed_from_outside(office: Office) -> None:
    store, ann = office.world.store, office.window("ann")
    with store.write() as db:
        for kind in ("opened", "signed", "sending"):
            office.world.audit.append(db, "case-1", Event(kind, NOW))
        case = store.case("case-1")
        store.save(db, replace(case, tracks=replace(case.tracks, submission="sending")))
    assert "was changed outside Preclear" not in ann.get(CASE).text
    with store.write() as db:
        db.execute(audit.update().where(audit.c.number == 2).values(body=b"x" * 60))
    page = ann.get(CASE)
    assert page.status_code == 200
    assert "was changed outside Preclear: it does not fit together from entry 2 on" in page.text


def test_cors_is_given_to_nobody(office: Office) -> None:
    browser = office.app.test_client()
    for path in ("/launch", "/", CASE, "/callback"):
        answer = browser.get(path, base_url=office.world.config.public_url, headers={"Origin": "x"})
        assert not [one for one in answer.headers if one[0].startswith("Access-Control")]
