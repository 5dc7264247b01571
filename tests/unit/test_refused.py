"""What a payer could not accept: its words, what each is about, and how a person mends it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from smart_app import requesting
from smart_app.cases.model import ENTERED
from smart_app.cases.store import Store
from smart_app.errors import PayerUnknown
from smart_app.web import refused
from tests.unit import test_updating, test_withdrawing
from tests.unit.kit import FakeClock, FakePayer, Reply
from tests.unit.line import Line
from tests.unit.pas import requests
from tests.unit.pas.test_decision import an_answer, extension

UNITS = "Claim.item[0].quantity"
CHART = "Change it in the chart, then begin a new request."
ABOUT = "Service 1 (62323): the units"


def outcome(*paths: str, words: str = "too many") -> Reply:
    """Return a refusal that names places."""
    issue = {"diagnostics": words, "expression": list(paths)}
    return Reply(422, {"resourceType": "OperationOutcome", "issue": [issue]})


def sent(store: Store, clock: FakeClock, *answers: Any, **more: Any) -> Line:
    """Return a case of a whole request that was answered so."""
    line = Line(store, clock, FakePayer({"$submit": list(answers)}), **more)
    request = requests.a_request()
    request["entry"][0]["resource"]["identifier"][0]["value"] = "id-1"
    line.signed(request=request)
    line.pass_by(5)
    return line


def refusal(line: Line) -> tuple[refused.About | None, tuple[refused.Fault, ...]]:
    """Return what a case's page says that was refused, and what the payer complained about."""
    case = line.case()
    found = refused.about(case, line.world.audit.events(case.id))
    return found, refused.faults(line.follow, case, found)


def shown(line: Line) -> list[tuple[str, list[tuple[str, str, bool]]]]:
    """Return each fault as its page has it."""
    found = refusal(line)[1]
    return [(one.words, [(x.about, x.mend, x.raw) for x in one.places]) for one in found]


def test_each_fault_says_what_it_is_about(store: Store, clock: FakeClock) -> None:
    line = sent(store, clock, outcome(UNITS, "Claim.supportingInfo[0]"))
    again = "Begin a new request, then change it on its page."
    along = "What is sent along: the answers of the form"
    assert shown(line) == [("“too many”", [(ABOUT, CHART, False), (along, again, False)])]


def test_what_cannot_be_followed_is_shown_as_the_payer_wrote_it(
    store: Store, clock: FakeClock
) -> None:
    line = sent(store, clock, outcome("Claim.zzz"))
    assert shown(line) == [("“too many”", [("Claim.zzz", "", True)])]


def test_a_payer_may_name_any_number_of_places(store: Store, clock: FakeClock) -> None:
    line = sent(store, clock, outcome(*(f"Claim.z{one}" for one in range(99))))
    [(_, places)] = shown(line)
    assert len(places) == refused.SHOWN


def test_an_order_that_was_entered_is_entered_again(store: Store, clock: FakeClock) -> None:
    line = sent(store, clock, outcome(UNITS))
    case = line.case()
    items = tuple(replace(one, order_ref=ENTERED + "1") for one in case.items)
    with store.write() as db:
        store.save(db, replace(case, items=items))
    [(_, [(about, mend, _raw)])] = shown(line)
    assert (about, "enter the order again" in mend) == (ABOUT, True)


@pytest.mark.parametrize(
    ("more", "about"),
    [
        ([extension("extension-errorPath", valueString=UNITS)], ABOUT),
        ([extension("extension-errorElement", valueString="2010C-NM109")], "The patient"),
        (
            [
                extension(
                    "extension-errorElement",
                    extension=[{"url": "error", "valueString": "2010A-NM103"}],
                )
            ],
            "The reviewer",
        ),
    ],
)
def test_x12s_own_errors_say_where_too(
    store: Store, clock: FakeClock, more: list[Any], about: str
) -> None:
    error = {"code": {"coding": [{"code": "T4"}]}, "extension": more}
    claim = requests.a_request()["entry"][0]["resource"]
    answer = an_answer(outcome="error", error=[error], identifier=[{**claim["identifier"][0]}])
    answer["entry"][0]["resource"]["identifier"][0]["value"] = "id-1"
    line = sent(store, clock, Reply(200, answer))
    assert line.case().tracks.submission == "rejected"
    [(words, [(said, _mend, raw)])] = shown(line)
    assert (words, said, raw) == ("Error code T4", about, False)


def test_what_may_have_arrived_is_not_mended_yet(store: Store, clock: FakeClock) -> None:
    cut = PayerUnknown("cut")
    line = sent(store, clock, cut, outcome(UNITS), recovery="idempotent_resend")
    assert line.case().tracks.submission == "unknown"
    assert shown(line) == [("“too many”", [(ABOUT, "", False)])]


def test_of_a_withdrawal_the_words_alone_are_told(store: Store, clock: FakeClock) -> None:
    line = test_withdrawing.sent(store, clock, test_withdrawing.PENDED, outcome(UNITS))
    test_withdrawing.withdraw(line)
    line.pass_by(2)
    assert "cancel_refused" in line.events()
    assert shown(line) == [("“too many”", [])]


def test_where_nothing_was_refused_nothing_is_shown(store: Store, clock: FakeClock) -> None:
    assert shown(test_withdrawing.sent(store, clock, test_withdrawing.PENDED)) == []


def test_of_a_change_it_is_told_where_it_is_changed_again(
    store: Store, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(requesting, "build", lambda _world, case, *_: requests.asked(case))
    line = test_updating.pended(store, clock, outcome(UNITS), outcome(UNITS))
    test_updating.change(line)
    line.work()
    [(words, [(about, mend, _raw)])] = shown(line)
    assert (words, about) == ("“too many”", ABOUT)
    assert "Change this request" in mend
    assert refusal(line)[0] == "update"
    test_updating.change(line)
    assert shown(line) == []  # what was refused is no more what is asked
