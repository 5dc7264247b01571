"""Of several results of a payer no denial hides beside an approval, however oddly it is written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from smart_app.cases.model import FAVOURABLE, Case
from smart_app.pas import inquiry
from tests.unit.kit import READ_AT
from tests.unit.pas.test_decision import (
    LOCAL,
    SENT,
    UTN,
    X306,
    a_case,
    an_answer,
    an_answer_item,
    coded,
    extension,
    read,
)
from tests.unit.pas.test_echo import OTHER_MEMBER, OURS, by_system, traced

OLDER, DAY, NEWER = "2026-11-23", "2026-11-24", "2026-11-25"
HTTP306 = X306.replace("https:", "http:")
DENIED = coded((X306, "A3"))["adjudication"]
DENIED_LOCALLY = coded((LOCAL, "A3"))["adjudication"]
ACTION = DENIED[0]["extension"][0]
REASON = extension("extension-reviewActionReasonCode", valueCodeableConcept={"text": "no"})
SUBMITTED = {
    "coding": [
        {"system": "http://terminology.hl7.org/CodeSystem/adjudication", "code": "submitted"}
    ]
}
NOTE = [{"number": 1, "text": "Denied: not medically necessary."}]
APPROVAL = an_answer(an_answer_item("A1", utn=UTN), created=DAY)


def mute(number: int = 1, **more: Any) -> dict[str, Any]:
    """Return an item without an adjudication."""
    return an_answer_item(None, number, **{"adjudication": [], **more})


def named(body: dict[str, Any]) -> dict[str, Any]:
    """Return an answer that echoes our request's identifier."""
    body["entry"][0]["resource"]["identifier"] = [OURS]
    return body


def text_alone() -> dict[str, Any]:
    item = coded()
    item["adjudication"][0]["extension"][0]["extension"][0]["valueCodeableConcept"] = {
        "text": "Denied"
    }
    return item


def beside_waiting(**more: Any) -> dict[str, Any]:
    """Return an item that waits, and says more in another adjudication."""
    item = an_answer_item("A4")
    return item | {"adjudication": [*item["adjudication"], *more.pop("adjudication", [])]} | more


def in_capitals(created: str | None) -> dict[str, Any]:
    return an_answer(traced("TRACE-1", code="A3"), created=created)


def within_a_task(created: str | None) -> dict[str, Any]:
    denial = an_answer(an_answer_item("A3"), created=created)["entry"][0]["resource"]
    return {"resourceType": "Task", "contained": [denial]}


Make = Callable[[str | None], dict[str, Any]]


def of(*items: dict[str, Any], **more: Any) -> Make:
    return lambda created: an_answer(*items, created=created, **more)


def echoing(*items: dict[str, Any], **more: Any) -> Make:
    return lambda created: named(an_answer(*items, created=created, **more))


READABLE: dict[str, Make] = {
    "a denial": of(an_answer_item("A3")),
    "a numbered denial": of(an_answer_item("A3", utn=UTN)),
    "a denial with our identifier": echoing(an_answer_item("A3")),
    "withdrawn by us": of(an_answer_item("C")),
    "ask the payer": of(an_answer_item("CT")),
    "dismissed": echoing(outcome="error", disposition="dismissed: twice"),
}
"""What is superseded when it is surely older."""

WAITS_AND_MORE: dict[str, Make] = {
    "queued": of(an_answer_item("A3"), outcome="queued"),
    "partial with an error": of(mute(), outcome="partial", error=[{"code": {"text": "no"}}]),
    "partial, denied in words": of(mute(), outcome="partial", disposition="Denied"),
    "partial, denied in a category": of(
        mute(adjudication=[{"category": {"text": "denied"}}]), outcome="partial"
    ),
    "partial, denied as a whole": of(mute(), outcome="partial", adjudication=DENIED),
    "partial, denied as a whole in a local code": of(
        mute(), outcome="partial", adjudication=DENIED_LOCALLY
    ),
    "partial, denied in a detail": of(
        mute(detail=[{"adjudication": DENIED_LOCALLY}]), outcome="partial"
    ),
    "waits, and an error": of(an_answer_item("A4"), outcome="error"),
    "waits, and a local denial": of(beside_waiting(adjudication=DENIED_LOCALLY)),
    "waits, and a denied category": of(
        beside_waiting(adjudication=[{"category": {"coding": [{"code": "denied"}]}}])
    ),
    "waits, and a detail denied locally": of(
        beside_waiting(detail=[{"adjudication": DENIED_LOCALLY}])
    ),
    "waits, and a denied line": of(
        an_answer_item("A4"), addItem=[{"itemSequence": [1], "adjudication": DENIED}]
    ),
    "waits, and denied as a whole in a local code": of(
        an_answer_item("A4"), adjudication=DENIED_LOCALLY
    ),
}
"""What says that it waits, and something else: superseded when it is surely older."""

UNREADABLE: dict[str, Make] = {
    "a local code": of(coded((LOCAL, "A3"))),
    "another spelling of the system": of(coded((HTTP306, "A3"))),
    "an unknown code": of(an_answer_item("86")),
    "an approval and a denial": of(coded((X306, "A1"), (X306, "A3"))),
    "an action without a code": of(an_answer_item(None)),
    "a reason alone": of(
        mute(
            adjudication=[{"extension": [extension("extension-reviewAction", extension=[REASON])]}]
        )
    ),
    "a code in words": of(text_alone()),
    "failed": of(mute(), outcome="error", error=[{"code": {"text": "Rescinded"}}]),
    "failed without a word": of(mute(), outcome="error"),
    "failed without items": echoing(outcome="error"),
    "an error and a denial": of(an_answer_item("A3"), error=[{"code": {"text": "no"}}]),
    "an error of the whole": of(mute(), error=[{"code": {"text": "Rescinded"}}]),
    "a denied line": of(mute(), addItem=[{"itemSequence": [1], "adjudication": DENIED}]),
    "a denied line alone": echoing(addItem=[{"itemSequence": [1], "adjudication": DENIED}]),
    "a line denied locally": echoing(addItem=[{"adjudication": DENIED_LOCALLY}]),
    "a line with our trace": of(addItem=[an_answer_item("A3")]),
    "a denied detail": of(mute(detail=[{"adjudication": DENIED}])),
    "a detail denied locally": of(mute(detail=[{"adjudication": DENIED_LOCALLY}])),
    "a denied part of a detail": of(mute(detail=[{"subDetail": [{"adjudication": DENIED}]}])),
    "a denied whole": of(mute(), adjudication=DENIED),
    "a denied whole without items": echoing(adjudication=DENIED),
    "a whole denied locally": of(mute(), adjudication=DENIED_LOCALLY),
    "an action in the wrong place": of(mute(extensions=[ACTION])),
    "an action under another address": of(
        mute(adjudication=[{"extension": [{**ACTION, "url": "reviewAction"}]}])
    ),
    "an action under a versioned address": of(
        mute(adjudication=[{"extension": [{**ACTION, "url": ACTION["url"] + "|2.2.1"}]}])
    ),
    "a category": of(mute(adjudication=[{"category": {"coding": [{"code": "denied"}]}}])),
    "a reason beside what was submitted": of(
        mute(adjudication=[{"category": SUBMITTED, "reason": {"text": "denied"}}])
    ),
    "the payer's own extension": of(
        mute(extensions=[{"url": "https://payer.example/decision", "valueCode": "denied"}])
    ),
    "words": of(mute(), disposition="Denied"),
    "words without items": echoing(disposition="Denied"),
    "a note": of(mute(), processNote=NOTE),
    "a note of the item": of(mute(noteNumber=[1]), processNote=NOTE),
    "an item more": of(an_answer_item("A3"), traced("payer-7")),
    "another identifier of ours": of(
        an_answer_item("A3"), identifier=[{"system": SENT.system, "value": "identifier-2"}]
    ),
    "another member": of(an_answer_item("A3"), patient={"identifier": by_system(OTHER_MEMBER)}),
    "our trace in capitals": in_capitals,
    "our identifier and the payer's trace": echoing(traced("payer-7", code="A3")),
    "our Claim and the payer's trace": of(
        traced("payer-7", code="A3"), request={"reference": SENT.url}
    ),
    "an unknown status": of(an_answer_item("A3"), status="complete"),
    "an unknown modifier": of(an_answer_item("A3"), modifierExtension=[{"url": "x"}]),
    "an item twice": of(an_answer_item("A3"), an_answer_item("A3")),
    "a shape that is none": of(an_answer_item("A3") | {"adjudication": "A3"}),
    "a whole of no shape": of(mute(), adjudication="A3"),
    "within another resource": within_a_task,
}
"""What never stands beside an approval that counts, not even when it is older."""

ODD = READABLE | WAITS_AND_MORE | UNREADABLE


def listed(*results: dict[str, Any]) -> dict[str, Any]:
    return {
        "resourceType": "Parameters",
        "parameter": [{"name": "return", "resource": one} for one in results],
    }


def affirmed(several: list[dict[str, Any]], case: Case | None = None) -> list[bool]:
    """Return whether anything is affirmed, for both orders of a list."""
    case = case or a_case()
    found = [inquiry.ours(case, listed(*one), SENT, READ_AT) for one in (several, several[::-1])]
    read_as = [read(case, one.body) if one.body else None for one in found]
    words = [{item.decision for item in one.items} if one else set() for one in read_as]
    return [bool(one & {*FAVOURABLE}) for one in words]


@pytest.mark.parametrize("created", [NEWER, DAY, f"{DAY}T08:00:00Z", None, "soon"])
@pytest.mark.parametrize("name", ODD)
def test_a_denial_that_is_not_surely_older_leaves_nothing_affirmed(
    name: str, created: str | None
) -> None:
    assert affirmed([APPROVAL, ODD[name](created)]) == [False, False]


@pytest.mark.parametrize("name", ODD)
def test_an_approval_without_a_day_counts_beside_no_denial(name: str) -> None:
    undated = an_answer(an_answer_item("A1", utn=UTN))
    assert affirmed([undated, ODD[name](OLDER)]) == [False, False]


@pytest.mark.parametrize("name", ODD)
def test_only_what_can_be_read_is_superseded(name: str) -> None:
    older = name not in UNREADABLE
    assert affirmed([APPROVAL, ODD[name](OLDER)]) == [older, older]


@pytest.mark.parametrize(
    "name",
    [
        "an item more",
        "another identifier of ours",
        "another member",
        "a whole of no shape",
        "within another resource",
        "our identifier and the payer's trace",
    ],
)
def test_a_denial_that_cannot_be_used_is_told(name: str) -> None:
    for several in ([APPROVAL, ODD[name](NEWER)], [ODD[name](NEWER), APPROVAL]):
        found = inquiry.ours(a_case(), listed(*several), SENT, READ_AT)
        assert found.why or (found.body and read(a_case(), found.body).quarantined)


def test_what_is_told_of_several_does_not_hang_on_their_order() -> None:
    several = [
        APPROVAL,
        *(UNREADABLE[one](NEWER) for one in ("an item more", "another identifier of ours")),
    ]
    for one in (several, several[::-1]):
        assert inquiry.ours(a_case(), listed(*one), SENT, READ_AT).why == "foreign item"


OPEN: dict[str, dict[str, Any]] = {
    "waits": an_answer(an_answer_item("A4")),
    "waits under the payer's own number": an_answer(
        an_answer_item(
            "A4",
            extensions=[extension("extension-administrationReferenceNumber", valueString="P1")],
        ),
        disposition="Pended",
        processNote=NOTE,
    ),
    "waits, with an amount": an_answer(
        beside_waiting(adjudication=[{"category": SUBMITTED, "amount": {"value": 1}}])
    ),
    "waits as a whole": named(an_answer(mute(), adjudication=an_answer_item("A4")["adjudication"])),
    "queued": named(an_answer(outcome="queued")),
    "only repeats": an_answer(mute(adjudication=[{"category": SUBMITTED}])),
    "names the item alone": an_answer(mute()),
    "names the request alone": named(an_answer()),
    "a withdrawn denial": an_answer(an_answer_item("A3"), status="cancelled"),
    "a withdrawn oddity": an_answer(
        an_answer_item("A3"), traced("payer-7"), status="entered-in-error"
    ),
    "another's denial": an_answer(
        traced("trace-9", code="A3"), identifier=[{"system": SENT.system, "value": "other"}]
    ),
}


@pytest.mark.parametrize("created", [OLDER, DAY, None])
@pytest.mark.parametrize("name", OPEN)
def test_what_decides_nothing_contradicts_nothing(name: str, created: str | None) -> None:
    body = OPEN[name]
    body["entry"][0]["resource"]["created"] = created
    assert affirmed([APPROVAL, body]) == [True, True]


def approved(*numbers: int) -> dict[str, Any]:
    return an_answer(*[an_answer_item("A1", one, utn=UTN) for one in numbers], created=DAY)


@pytest.mark.parametrize(
    ("other", "whole"),
    [
        (approved(1), True),
        (an_answer(an_answer_item("A1", 1, utn=UTN), mute(2), created=DAY), True),
        (an_answer(an_answer_item("A1", 1, utn=UTN), created=DAY, disposition="Approved"), True),
        (an_answer(an_answer_item("A1", 1, utn=UTN), mute(2, noteNumber=[1]), created=DAY), False),
        (
            an_answer(
                an_answer_item("A1", 1, utn=UTN),
                coded((X306, "A1"), (X306, "A3")) | {"extension": mute(2)["extension"]},
                created=DAY,
            ),
            False,
        ),
        (an_answer(an_answer_item("A1", 1), {"itemSequence": 2, "adjudication": DENIED}), False),
        (an_answer(an_answer_item("A1", 1, utn=UTN), adjudication=DENIED, created=DAY), False),
    ],
    ids=["one", "mute", "with words", "noted", "both codes", "untraced", "denied whole"],
)
def test_each_item_of_several_is_weighed_by_itself(other: dict[str, Any], whole: bool) -> None:
    assert affirmed([approved(1, 2), other], a_case(2)) == [whole, whole]


def test_a_denial_of_another_item_does_not_hide_that_of_this_one() -> None:
    denied = an_answer_item("A3", 1)
    both = coded((X306, "A1"), (X306, "A3")) | {"extension": mute(2)["extension"]}
    approvals = [an_answer_item("A1", one, utn=UTN) for one in (2, 3)]
    several = [
        an_answer(denied, *approvals, created=DAY),
        an_answer(denied, both, approvals[1], created=DAY),
    ]
    assert affirmed(several, a_case(3)) == [False, False]


def test_a_denied_whole_is_that_of_an_item_that_is_not_mentioned() -> None:
    several = [
        an_answer(an_answer_item("A3", 1), an_answer_item("A1", 2, utn=UTN), created=DAY),
        an_answer(an_answer_item("A3", 1), adjudication=DENIED, created=DAY),
    ]
    assert affirmed(several, a_case(2)) == [False, False]


def test_one_result_for_each_item_is_not_put_together() -> None:
    assert affirmed([approved(1), approved(2)], a_case(2)) == [False, False]


@pytest.mark.parametrize("created", [NEWER, DAY])
@pytest.mark.parametrize("status", ["cancelled", "entered-in-error"])
def test_an_approval_that_is_withdrawn_in_a_later_version_counts_no_more(
    status: str, created: str
) -> None:
    gone = APPROVAL["entry"][0]["resource"] | {"status": status, "created": created}
    assert affirmed([APPROVAL, {**APPROVAL, "entry": [{"resource": gone}]}]) == [False, False]
    old = APPROVAL["entry"][0]["resource"] | {"status": status, "created": OLDER}
    assert affirmed([APPROVAL, {**APPROVAL, "entry": [{"resource": old}]}]) == [True, True]


@pytest.mark.parametrize("status", ["cancelled", "entered-in-error"])
@pytest.mark.parametrize(
    "left",
    [
        {"item": [an_answer_item("C")]},
        {"item": [an_answer_item("A3")]},
        {"item": [an_answer_item("A1") | {"adjudication": []}]},
        {"item": [], "identifier": [OURS]},
        {"modifierExtension": [{"url": "https://example.org/unknown"}]},
    ],
    ids=["cancelled", "denied", "no word", "emptied", "unknown modifier"],
)
def test_a_later_version_that_withdraws_an_approval_ends_it_whatever_it_says(
    left: dict[str, Any], status: str
) -> None:
    stood = APPROVAL["entry"][0]["resource"] | {"id": "cr-1"}
    gone = stood | {"status": status, "created": NEWER} | left
    both = [{**APPROVAL, "entry": [{"resource": one}]} for one in (stood, gone)]
    assert affirmed(both) == [False, False]


def test_our_names_count_as_uuids_of_the_web_too() -> None:
    item = an_answer_item("A3")
    item["extension"][0]["valueIdentifier"]["value"] = "urn:uuid:trace-1"
    denied = an_answer(item, created=NEWER)
    assert affirmed([APPROVAL, denied]) == [False, False]
