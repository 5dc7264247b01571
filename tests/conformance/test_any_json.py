"""Whatever a payer answers, in any place: no crash, no green that it did not say, no lost case.

``any_json`` says with how many inputs each test is fed; ``test_any_told`` has what comes later.
"""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from hypothesis import strategies as st

from smart_app import formatters
from smart_app.cases.model import Decision
from smart_app.crd import ask as ask_crd
from smart_app.dtr import package
from smart_app.errors import PackageError
from smart_app.pas import client, inquiry, where
from tests.conformance.any_json import ANY, FED, FEW, MANY, answers, either, fed, spoiled
from tests.conformance.never_lost import GREEN, Stores, clock_of, ends_well, go_on, signed, watched
from tests.unit.crd.test_client import CALL, CHART, SERVICE, information
from tests.unit.crd.test_client import an_answer as a_crd_answer
from tests.unit.kit import NOW, READ_AT, FakeCache, FakePayer, Reply
from tests.unit.line import Line
from tests.unit.pas.requests import a_request, the_case
from tests.unit.pas.test_decision import SENT, read


def check(found: Decision, body: Any) -> None:
    """Check that a decision is no greener than what was answered."""
    said = json.dumps(body)
    if not any(f'"{code}"' in said for code in ("A1", "A2", "A6")):
        assert found.word not in GREEN
    if '"code": "A3"' in said:
        assert found.word != "affirmed"
    assert found.word in formatters.CHIPS


@pytest.mark.req("pas-2.2.1@conf-8", "pas-2.0.1@41", "pas-2.0.1@219")
@pytest.mark.req("pas-2.0.1@221")
@fed(MANY, answers())
def test_an_answer_to_a_request(body: Any) -> None:
    check(read(the_case(), body), body)


@pytest.mark.req("pas-2.2.1@conf-8", "pas-2.0.1@41", "pas-2.0.1@221")
@fed(
    MANY, st.lists(answers(), min_size=1, max_size=3), st.sampled_from(("collection", "searchset"))
)
def test_an_answer_to_an_inquiry(several: list[Any], kind: str) -> None:
    entries = [{"resource": one} for one in several]
    for body in (several[0], {"resourceType": "Bundle", "type": kind, "entry": entries}):
        found = inquiry.ours(the_case(), body, SENT, READ_AT)
        if found.body is not None:
            check(read(the_case(), found.body), body)


class AnyPayer:
    """A payer that offers and answers whatever it is given, at any address."""

    def __init__(self, services: Any, body: Any) -> None:
        self.offered, self.answer = Reply(200, {"services": services}), Reply(200, body)

    def get(self, url: str) -> Reply:
        return self.offered

    def post(self, url: str, body: bytes, content_type: str) -> Reply:
        return self.answer


@fed(
    MANY, spoiled(lambda: a_crd_answer(information()).body) | ANY, spoiled(lambda: [SERVICE]) | ANY
)
def test_an_answer_about_coverage(body: Any, services: Any) -> None:
    found = ask_crd(AnyPayer(services, body), CALL, CHART, FakeCache(), NOW)  # type: ignore[arg-type]
    assert found.outcome in ("answered", "failed", "not_asked", "no_member")


def a_package() -> dict[str, Any]:
    """Return a form's package, small and sound."""
    item = {"linkId": "1", "type": "boolean", "text": "Seen?"}
    form = {"resourceType": "Questionnaire", "url": "http://p.example/q", "item": [item]}
    content = [{"contentType": "application/elm+json", "data": "e30="}]
    library = {"resourceType": "Library", "name": "L", "content": content}
    bundle = {"resourceType": "Bundle", "entry": [{"resource": form}, {"resource": library}]}
    part = {"name": "PackageBundle", "resource": bundle}
    return {"resourceType": "Parameters", "parameter": [part]}


def test_the_small_package_is_sound() -> None:
    assert package.read(a_package(), 200).questionnaires


@fed(MANY, spoiled(a_package) | ANY)
def test_a_form(body: Any) -> None:
    try:
        found = package.read(body, 200)
    except PackageError:
        return
    assert found.questionnaires


@fed(
    FEW,
    st.sampled_from((200, 201, 400, 422, 500, 503)),
    answers(),
    st.lists(answers(), min_size=1, max_size=2),
    st.sampled_from(("person", "inquire", "idempotent_resend")),
)
def test_a_case_is_never_lost(
    stores: Stores, status: int, first: Any, then: list[Any], recovery: str
) -> None:
    with stores.like("signed", signed) as store:
        inquired = [Reply(200, one) for one in then]
        payer = FakePayer({"$submit": [Reply(status, first)], "$inquire": inquired})
        line = watched(Line(store, clock_of(store), payer, recovery=recovery))
        go_on(line)
        assert len({body for url, body in payer.posts if url.endswith("$submit")}) == 1
        ends_well(line, [first, *then], recovery)


REQUEST = a_request()
STEPS = (
    *(
        "Bundle",
        ".entry",
        ".entry[0]",
        ".entry[2]",
        ".resource",
        ".ofType(Claim)",
        "Claim",
        "(",
        "[",
    ),
    *(".item", "item[0]", "[9]", ".where(sequence=1)", ".first()", " as Claim)", ".Patient", "/f:"),
    *(
        "Claim.supportingInfo[0]",
        ".quantity",
        "2010A",
        "2000F-",
        ".provider",
        "ServiceRequest",
        "]",
    ),
)
PATHS = st.lists(st.sampled_from(STEPS), max_size=8).map("".join) | st.text(max_size=8)
REFUSAL = {
    "resourceType": "OperationOutcome",
    "issue": [{"code": "invalid", "details": {"text": "No"}, "expression": ["Claim.item[0]"]}],
}


@fed(MANY, either(REFUSAL) | ANY, st.lists(PATHS, max_size=3))
def test_a_refusal(body: Any, paths: list[str]) -> None:
    for path in [*paths, *itertools.chain.from_iterable(client.faults(body).values())]:
        found = where.part(path, REQUEST)
        assert found is None or formatters.part(found)


def test_so_many_inputs_are_fed() -> None:
    assert sum(FED.values()) >= 10_000
