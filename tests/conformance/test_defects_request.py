"""Defects of prior-authorization software that is in use, each named: the request and the chart.

Numbers 4 to 8 and 10 to 12 of fourteen; the others are in ``test_defects_decision.py``.
"""

from __future__ import annotations

import json
import tarfile
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from sandbox.golden import Golden, ask
from sandbox.stack import Stack
from smart_app.cases.model import UtnRecord
from smart_app.chart import snapshot, writeback
from smart_app.errors import MissingFact
from smart_app.fhir import codes, refs
from smart_app.pas import echo, inquiry
from smart_app.pas.team import Clinician
from tests.unit.chart.test_marking import a_mark
from tests.unit.chart.test_marking import an_order as a_signed_order
from tests.unit.kit import NOW, READ_AT, FakeChart
from tests.unit.pas.requests import (
    COVERAGE,
    DOCTOR,
    IDENTIFIER,
    MEMBER,
    a_request,
    an_order,
    of,
    the_case,
)

GUIDES = Path(__file__).resolve().parents[1] / "oracle/guides"
PAS = "http://hl7.org/fhir/us/davinci-pas/"
SENT = echo.Sent("urn:trnorg:1999999042", IDENTIFIER, "urn:uuid:claim-1", MEMBER)
NUMBER = "JFA99900004417"


def sent() -> list[dict[str, Any]]:
    """Return what is sent about a case of two orders: the request, and a question about it."""
    request = a_request(case=the_case(2), orders=(an_order(1), an_order(2)))
    return [request, inquiry.build(request, NOW)]


def test_defect_04_references_that_resolve_to_nothing() -> None:
    for bundle in sent():
        urls = [one["fullUrl"] for one in bundle["entry"]]
        named = [ref["reference"] for one in bundle["entry"] for ref in refs.walk(one["resource"])]
        assert named
        assert all(urls.count(one) == 1 for one in named)


def test_defect_05_a_request_that_nobody_can_review() -> None:
    request = a_request(case=the_case(2), orders=(an_order(1), an_order(2)))
    claim, urls = of(request, "Claim"), {one["fullUrl"] for one in request["entry"]}
    assert claim["identifier"][0]["value"] == IDENTIFIER
    assert claim["diagnosis"]
    assert claim["careTeam"]
    for item in claim["item"]:
        asked = [one for one in item["extension"] if one["url"].endswith("-requestedService")]
        assert asked[0]["valueReference"]["reference"] in urls
        assert item["diagnosisSequence"]
        assert item["careTeamSequence"]
    ours = [one["resource"] for one in request["entry"]]
    ours = [one for one in ours if one["resourceType"] != "QuestionnaireResponse"]  # it is DTR's
    assert all(one["meta"]["profile"] for one in ours)
    assert request["meta"]["profile"]


@pytest.mark.req("pas-2.2.1@conf-15")
def test_defect_06_addresses_that_the_guide_does_not_have() -> None:
    known = set()
    with tarfile.open(GUIDES / "hl7.fhir.us.davinci-pas-2.2.1.tgz") as guide:
        for member in guide:
            if member.name.startswith("package/") and member.name.endswith(".json"):
                data = json.load(guide.extractfile(member))  # type: ignore[arg-type]
                known.add(data.get("url"))
    used = {
        str(value).partition("|")[0]
        for bundle in sent()
        for one in echo.walk(bundle)
        for value in (one.get("url"), one.get("system"), *(one.get("profile") or ()))
        if "davinci-pas" in str(value)
    }
    assert len(used) > 10
    assert all(one.startswith(PAS) for one in used)
    assert used <= known


@pytest.mark.parametrize(
    "change",
    [
        {"ordering": Clinician(DOCTOR | {"identifier": []}, "Z10001")},
        {"ordering": Clinician(DOCTOR, None)},
        {"coverage": COVERAGE | {"identifier": []}},
    ],
    ids=["no NPI", "no PTAN", "no member number"],
)
def test_defect_07_a_placeholder_sent_as_a_fact(change: dict[str, Any]) -> None:
    with pytest.raises(MissingFact) as caught:
        a_request(**change)
    assert caught.value.say
    assert caught.value.do
    assert "unknown" not in json.dumps(a_request()).casefold()


def test_defect_08_a_question_that_another_request_answers() -> None:
    asked = inquiry.build(a_request(), NOW)
    assert "data-absent-reason" not in json.dumps(asked)
    assert all(one["productOrService"]["coding"] for one in of(asked, "Claim")["item"])
    another = {"resourceType": "ClaimResponse", "preAuthRef": NUMBER, "outcome": "complete"}
    answer = {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": another}]}
    assert inquiry.ours(the_case(), answer, SENT, READ_AT).body is None


class _Waiting:
    """A chart that answers only when all of it is asked for at once."""

    def __init__(self) -> None:
        self.all_asked = threading.Barrier(len(snapshot.SEARCHES) + 1, timeout=20)
        self.asked: list[str] = []

    def read(self, reference: str) -> dict[str, Any]:
        return self._answer(reference, {"resourceType": "Patient", "id": "p1"})

    def search(self, resource_type: str, params: Mapping[str, str]) -> list[Any]:
        return self._answer(resource_type, [])

    def _answer(self, what: str, answer: Any) -> Any:
        self.asked.append(what)
        self.all_asked.wait()
        return answer


def test_defect_10_a_chart_read_one_kind_after_the_other() -> None:
    chart: Any = _Waiting()
    with ThreadPoolExecutor(len(snapshot.SEARCHES) + 1) as pool:
        found = snapshot.read(chart, "p1", pool, NOW)
    assert found.unavailable == {}
    assert sorted(chart.asked) == sorted(["Patient/p1", *snapshot.SEARCHES])


def test_defect_11_an_order_overwritten_blindly() -> None:
    chart = FakeChart(held={"ServiceRequest/1": a_signed_order(note=[{"text": "theirs"}])})
    today = NOW.date()
    number = UtnRecord(NUMBER, "wiser", "m", ("trace-1",), "d1", "affirmed", today, today, today)
    writeback.update_order(chart, a_mark(), number)
    [(written, condition)] = chart.updates
    assert condition == 'W/"7"'
    assert written["note"] == [{"text": "theirs"}]
    own = [one for one in written["extension"] if one["url"] == codes.COVERAGE_INFORMATION]
    assert {**written, "extension": own} == written


@pytest.mark.req("pas-2.0.1@71")
def test_defect_12_a_payer_that_a_browser_chose(golden: Golden, stack: Stack) -> None:
    golden.open()
    golden.ready()
    golden.settle()
    form = golden.page.form("/sign")
    assert form is not None
    golden.page = golden.browser.submit(golden.page, form, payer="genzeon", payer_id="genzeon")
    golden.decided()
    assert "Zyter" in golden.page.text  # the reviewer of Arizona, where the service is done
    assert [one["items"][0]["code"] for one in ask(f"{stack.payer}/sandbox/state")] == ["62323"]
