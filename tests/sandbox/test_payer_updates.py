"""Updates and cancellations: what they must say, and what becomes of the request."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import payer_samples as samples
import pytest
import update_samples as updates
from flask.testing import FlaskClient
from payer_samples import Json, claim, codes, control, numbers, submit, two_items
from update_samples import add, cancel, cancel_all, mark, places, rows, send, update

CLAIM = "Bundle.entry[0].resource"


@pytest.fixture
def client(tmp_path: Path) -> FlaskClient:
    return samples.payer(tmp_path)


def taken(client: FlaskClient, bundle: Json) -> Json:
    """Send an update that the payer takes; return its answer's Bundle."""
    answer = send(client, bundle)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return dict(answer.get_json(force=True))


def test_an_added_item_is_decided_and_the_rest_stays(client: FlaskClient) -> None:
    sent = samples.sample()
    first = submit(client, sent)
    control(client, decision="non-affirm")
    changed = update(sent)
    add(changed, "62321")
    answer = taken(client, changed)
    assert codes(answer) == ["A1", "A3"]
    assert numbers(answer)[0] == numbers(first)[0]
    assert samples.response_of(answer)["identifier"] == claim(changed)["identifier"]
    old, new = samples.state(client)
    assert (old["kind"], new["kind"], new["prior"]) == ("initial", "update", old["id"])
    assert old["replaced_by"] == new["id"]
    assert new["decision"] == "partial"


def test_an_inquiry_gives_the_current_record(client: FlaskClient) -> None:
    sent = samples.sample()
    submit(client, sent)
    changed = update(sent)
    add(changed, "62321")
    taken(client, changed)
    (found,) = samples.ask(client, sent)
    assert codes(found) == ["A1", "A1"]
    assert samples.response_of(found)["identifier"] == claim(changed)["identifier"]


def test_a_changed_item_is_decided_anew(client: FlaskClient) -> None:
    sent = two_items()
    submit(client, sent)
    control(client, decision="pend")
    changed = update(sent)
    rows(changed)[1]["quantity"]["value"] = 2
    mark(rows(changed)[1], "changed")
    assert codes(taken(client, changed)) == ["A1", "A4"]
    client.post(
        "/control/decide",
        json={"request": samples.state(client)[1]["id"], "decision": "affirm"},
    )
    assert codes(samples.ask(client, sent)[0]) == ["A1", "A1"]


def test_a_cancelled_item(client: FlaskClient) -> None:
    sent = two_items()
    (number, _) = numbers(submit(client, sent))
    changed = update(sent)
    cancel(rows(changed)[1])
    answer = taken(client, changed)
    assert codes(answer) == ["A1", "C"]
    assert numbers(answer) == [number, None]
    assert samples.state(client)[1]["decision"] == "affirmed"


@pytest.mark.parametrize("decision", ["affirm", "pend", "partial"])
def test_cancelling_everything(client: FlaskClient, decision: str) -> None:
    control(client, decision=decision)
    sent = two_items()
    submit(client, sent)
    control(client, decision="dismiss")
    answer = taken(client, cancel_all(sent))
    assert codes(answer) == ["C", "C"]
    response = samples.response_of(answer)
    assert "preAuthRef" not in response and "preAuthPeriod" not in response
    old, new = samples.state(client)
    assert (new["kind"], new["decision"]) == ("cancel", "cancelled")
    control(client, decision="affirm")
    assert codes(submit(client, sent)) == ["A1", "A1"]


def test_a_cancelled_pending_request_is_not_decided_any_more(
    client: FlaskClient, tmp_path: Path
) -> None:
    seconds = samples.Seconds()
    other = samples.payer(tmp_path, seconds)
    control(other, decision="pend", pend_seconds=60)
    sent = samples.sample()
    submit(other, sent)
    taken(other, cancel_all(sent))
    seconds.value = 60
    old, new = samples.state(other)
    assert (old["decision"], new["decision"]) == ("pended", "cancelled")
    wanted = {"request": old["id"], "decision": "affirm"}
    assert other.post("/control/decide", json=wanted).status_code == 409
    assert other.post("/control/change", json=wanted).status_code == 409


def test_an_update_of_an_update(client: FlaskClient) -> None:
    sent = samples.sample()
    submit(client, sent)
    second = update(sent)
    add(second, "62321")
    taken(client, second)
    third = update(second)
    cancel(rows(third)[1])
    assert codes(taken(client, third)) == ["A1", "C"]
    fourth = update(third)
    assert codes(taken(client, fourth)) == ["A1", "C"]
    again = update(sent)
    add(again, "62320")
    answer = send(client, again)
    assert answer.status_code == 422 and places(answer) == [f"{CLAIM}.related"]


def test_the_same_update_twice(client: FlaskClient) -> None:
    control(client, idempotent=True)
    sent = samples.sample()
    submit(client, sent)
    changed = update(sent)
    add(changed, "62321")
    assert taken(client, changed) == taken(client, changed)
    assert len(samples.state(client)) == 2


@pytest.mark.parametrize("decision", ["non-affirm", "dismiss", "error"])
def test_what_was_refused_is_not_updated(client: FlaskClient, decision: str) -> None:
    control(client, decision=decision)
    sent = samples.sample()
    submit(client, sent)
    changed = update(sent)
    add(changed, "62321")
    answer = send(client, changed)
    assert answer.status_code == 422
    assert "send a new request" in answer.get_data(as_text=True)
    assert len(samples.state(client)) == 1


def test_an_unknown_prior(client: FlaskClient) -> None:
    answer = send(client, cancel_all(samples.sample()))
    assert answer.status_code == 404
    assert places(answer) == [f"{CLAIM}.related"]
    assert samples.state(client) == []


def test_a_prior_of_another_member(client: FlaskClient) -> None:
    sent = samples.sample()
    submit(client, sent)
    for kind in ("Coverage", "Patient"):
        samples.dict_of(sent, kind)["identifier"][0]["value"] = "2SB1B11BB22"
    assert send(client, cancel_all(sent)).status_code == 404
    assert [codes(one) for one in samples.ask(client)] == [["A1"]]


def test_a_dismissed_update_leaves_the_request_as_it_was(client: FlaskClient) -> None:
    sent = samples.sample()
    submit(client, sent)
    changed = update(sent)
    add(changed, "99213")
    answer = taken(client, changed)
    assert samples.response_of(answer)["outcome"] == "error"
    found = samples.ask(client, sent)
    assert [samples.response_of(one)["outcome"] for one in found] == ["complete", "error"]
    assert codes(found[0]) == ["A1"]
    assert [bool(one["utn"]) for one in samples.state(client)] == [True, False]


def drop_item(bundle: Json) -> None:
    claim(bundle)["item"].pop()


def drop_paper(bundle: Json) -> None:
    claim(bundle)["supportingInfo"].pop()


def change_silently(bundle: Json) -> None:
    rows(bundle)[0]["quantity"]["value"] = 2


def add_silently(bundle: Json) -> None:
    updates.unmark(add(bundle, "62321"))


def say_added(bundle: Json) -> None:
    mark(rows(bundle)[0], "added")


def flag_alone(bundle: Json) -> None:
    rows(bundle)[0]["modifierExtension"] = [{"url": updates.CANCELLED, "valueBoolean": True}]
    mark(rows(bundle)[0], "changed")


def cancel_without_flag(bundle: Json) -> None:
    updates.certify(rows(bundle)[0], "3")


def cancel_without_change(bundle: Json) -> None:
    cancel(rows(bundle)[0])
    updates.unmark(rows(bundle)[0])


def cancel_each(bundle: Json) -> None:
    for row in rows(bundle):
        cancel(row)


def cancel_claim_only(bundle: Json) -> None:
    updates.certify(claim(bundle), "3")


def wrong_relation(bundle: Json) -> None:
    coding = claim(bundle)["related"][0]["relationship"]["coding"][0]
    coding["code"] = "replaces"


def no_prior(bundle: Json) -> None:
    bundle["entry"].pop(1)


def related_twice(bundle: Json) -> None:
    claim(bundle)["related"] *= 2


def change_paper_silently(bundle: Json) -> None:
    rows(bundle, "supportingInfo")[2]["timingDate"] = "2026-12-04"


FAULTS: dict[str, tuple[Callable[[Json], None], str]] = {
    "item left out": (drop_item, f"{CLAIM}.item"),
    "paper left out": (drop_paper, f"{CLAIM}.supportingInfo"),
    "silent change": (change_silently, f"{CLAIM}.item[0].extension"),
    "silent addition": (add_silently, f"{CLAIM}.item[2].extension"),
    "silent change of a paper": (change_paper_silently, f"{CLAIM}.supportingInfo[2].extension"),
    "nothing added": (say_added, f"{CLAIM}.item[0].extension"),
    "flag without certification type": (flag_alone, f"{CLAIM}.item[0].extension"),
    "certification type without flag": (cancel_without_flag, f"{CLAIM}.item[0].extension"),
    "cancelled silently": (cancel_without_change, f"{CLAIM}.item[0].extension"),
    "each item but not the claim": (cancel_each, f"{CLAIM}.extension"),
    "the claim but no item": (cancel_claim_only, f"{CLAIM}.item[0].modifierExtension"),
    "relationship": (wrong_relation, f"{CLAIM}.related.relationship"),
    "prior left out": (no_prior, f"{CLAIM}.related.claim"),
    "two priors": (related_twice, f"{CLAIM}.related"),
}


@pytest.mark.parametrize("name", FAULTS)
@pytest.mark.parametrize("version", ["2.1.0", "2.2.1"])
def test_a_fault_of_an_update_is_named(client: FlaskClient, version: str, name: str) -> None:
    spoil, where = FAULTS[name]
    sent = two_items()
    assert send(client, sent, version).status_code == 200
    changed = update(sent)
    spoil(changed)
    answer = send(client, changed, version)
    assert answer.status_code == 422, answer.get_data(as_text=True)
    assert where in places(answer)
    assert len(samples.state(client)) == 1


def test_what_was_cancelled_stays_so(client: FlaskClient) -> None:
    sent = two_items()
    submit(client, sent)
    second = update(sent)
    cancel(rows(second)[1])
    taken(client, second)
    third = update(second)
    rows(third)[1].pop("modifierExtension")
    updates.certify(rows(third)[1], "I")
    answer = send(client, third)
    assert answer.status_code == 422
    assert f"{CLAIM}.item[1].modifierExtension" in places(answer)


def test_a_second_claim_without_relation(client: FlaskClient) -> None:
    changed = update(samples.sample())
    claim(changed).pop("related")
    answer = send(client, changed)
    assert (answer.status_code, places(answer)) == (422, ["Bundle.entry[1].resource"])


def test_the_oldest_version_replaces_without_marks(client: FlaskClient) -> None:
    sent = two_items()
    assert send(client, sent, "2.0.1").status_code == 200
    changed = update(sent, "replaces")
    changed["entry"].pop(1)
    rows(changed)[0]["quantity"]["value"] = 2
    rows(changed)[1]["modifierExtension"] = [{"url": updates.CANCELLED, "valueBoolean": True}]
    updates.certify(rows(changed)[1], "3")
    control(client, decision="modify")
    answer = send(client, changed, "2.0.1")
    assert answer.status_code == 200, answer.get_data(as_text=True)
    assert codes(answer.get_json(force=True)) == ["A6", "C"]
    prior = send(client, update(changed), "2.0.1")
    assert f"{CLAIM}.related.relationship" in places(prior)
