"""A form that a payer asks for later: fetched by its context, answered, signed, sent once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from smart_app.adding import Wish
from smart_app.answering import OpenPoints
from smart_app.cases.model import Person
from smart_app.cases.store import Store
from smart_app.errors import Forbidden, IllegalMove, NotAsked, PayerUnknown, StaleRevision
from smart_app.flow import Flow
from smart_app.later import Later
from tests.unit.dtr.forms import Script, a_group, a_question
from tests.unit.front import AtOnce, a_launch
from tests.unit.kit import FakeChart, FakeClock, FakePayer, Reply
from tests.unit.line import COVERAGE, NOTE, SIGNER, Line
from tests.unit.pas import requests
from tests.unit.pas.test_decision import an_answer_item
from tests.unit.pas.test_wanted import a_wish, asking, wanted
from tests.unit.test_adding import TAKEN
from tests.unit.test_follow import ok

URL = "http://payer.example/form"
FORM = {
    "resourceType": "Questionnaire",
    "url": URL,
    "title": "The payer's form",
    "item": [a_group("g", a_question("q", required=True), a_question("why", "string"))],
}
ORDER = requests.an_order()
BUNDLE = {"resourceType": "Bundle", "entry": [{"resource": FORM}]}
SIGNING = replace(SIGNER, npi="1999999018")


def package(*forms: dict[str, Any]) -> Reply:
    """Return a payer's answer with forms."""
    parts = [{"name": "PackageBundle", "resource": one} for one in forms]
    return Reply(200, {"resourceType": "Parameters", "parameter": parts})


class Asked(Line):
    """A request whose payer pended it and asks for a form."""

    def __init__(self, store: Store, clock: FakeClock, pool: ThreadPoolExecutor) -> None:
        payer = FakePayer(
            {
                "$submit": [Reply(200, asking(a_wish("102089-0")))],
                "$inquire": [ok(an_answer_item("A4"))],
                "$submit-attachment": [TAKEN],
                "$questionnaire-package": [package(BUNDLE)],
            }
        )
        patient = {"resourceType": "Patient", "id": "p1"}
        held = {
            f"{one['resourceType']}/{one['id']}": one for one in (patient, COVERAGE, NOTE, ORDER)
        }
        self.ehr = FakeChart(held=held)
        super().__init__(store, clock, payer)
        self.settings.dtr_base = "https://payer.example/dtr"
        self.world.chart, self.world.chart_pool = (lambda _: self.ehr), pool
        self.world.prepare_pool, self.world.engines = AtOnce(), Script()
        request = requests.a_request()
        request["entry"][0]["resource"]["identifier"][0]["value"] = "id-1"
        self.signed(request=request)
        self.step()

    def form(self) -> Later:
        """Return the form that is asked for, as it is now."""
        flow, case = Flow(self.world), self.case()
        (wish,) = self.follow.adding.wishes(case)
        return Later(flow, self.follow.adding, case, wish.name)

    def opened(self) -> Later:
        """Open the form's page."""
        later = self.form()
        later.start(self.case(), a_launch())
        return later

    def answer(self, value: str = "true", revision: int = 1) -> None:
        """Answer the one question that must be."""
        posted = {"q": [value], "fields": ["q"]}
        self.form().answer(self.case(), revision, SIGNING, posted)

    def sent(self) -> list[dict[str, Any]]:
        """Return what was sent as an answer to the wish."""
        return [json.loads(body) for url, body in self.payer.posts if url.endswith("attachment")]

    def state(self) -> str:
        """Return what became of the wish."""
        return self.form().wish.state


@pytest.fixture
def line(store: Store, clock: FakeClock) -> Iterator[Asked]:
    with ThreadPoolExecutor(2) as pool:
        yield Asked(store, clock, pool)


def contents(sent: dict[str, Any]) -> list[dict[str, Any]]:
    parts = [one["part"] for one in sent["parameter"] if one["name"] == "Attachment"]
    return [one["resource"] for part in parts for one in part if one["name"] == "Content"]


def test_the_form_is_asked_for_by_the_payers_own_context(line: Asked) -> None:
    later = line.opened()
    [(_, body)] = [one for one in line.payer.posts if one[0].endswith("$questionnaire-package")]
    told = {one["name"]: one for one in json.loads(body)["parameter"]}
    assert told["context"]["valueString"] == "trace-1"
    assert told["coverage"]["resource"]["id"] == "c1"
    found = later.found(line.case())
    assert found and [one.path for one in found[1].gaps] == ["q[0]"]


@pytest.mark.req("pas-2.0.1@23")
def test_what_was_answered_and_signed_is_sent_under_the_payers_number(line: Asked) -> None:
    line.opened()
    line.answer("false")
    line.form().sign(line.case(), 2, SIGNING)
    line.step()
    (sent,) = line.sent()
    told = {one["name"]: one for one in sent["parameter"]}
    assert told["TrackingId"]["valueIdentifier"] == {"system": "urn:payer", "value": "ACN-1"}
    parts = {one["name"]: one for one in told["Attachment"]["part"]}
    assert parts["Code"]["valueCodeableConcept"]["coding"][0]["code"] == "102089-0"
    (answers,) = contents(sent)
    assert (answers["questionnaire"], answers["status"]) == (URL, "completed")
    assert answers["subject"]["identifier"]["value"] == requests.MEMBER
    assert answers["author"]["identifier"]["value"] == SIGNING.npi
    assert answers["author"]["display"] == SIGNER.name
    (row,) = answers["item"][0]["item"]
    origin, author = row["answer"][0]["extension"][0]["extension"]
    assert (row["answer"][0]["valueBoolean"], origin["valueCode"]) == (False, "manual")
    assert author["extension"][1]["valueReference"]["display"] == SIGNER.name
    assert "reference" not in json.dumps(answers).replace("valueReference", "")
    assert (line.state(), line.events().count("form_signed")) == ("received", 1)


def test_what_is_open_is_not_sent_and_may_be_left_open_knowingly(line: Asked) -> None:
    line.opened()
    with pytest.raises(OpenPoints):
        line.form().sign(line.case(), 1, SIGNING)
    line.form().send_without(line.case(), 1, SIGNING, "g")
    line.form().sign(line.case(), 2, SIGNING)
    assert line.state() == "sending"


def test_an_older_page_changes_nothing(line: Asked) -> None:
    line.opened()
    line.answer("true")
    with pytest.raises(StaleRevision):
        line.answer("false")
    with pytest.raises(StaleRevision):
        line.form().sign(line.case(), 1, SIGNING)
    assert line.sent() == []


def test_of_two_answers_at_once_the_second_is_told(
    line: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    line.opened()
    slow = line.form()
    before = slow.found(line.case())
    line.answer("true")
    monkeypatch.setattr(slow, "_editable", lambda *_: before)  # read before the first was kept
    with pytest.raises(StaleRevision):
        slow.answer(line.case(), 1, SIGNING, {"q": ["false"], "fields": ["q"]})
    found = line.form().found(line.case())
    assert found and [one.value for one in found[1].answers] == [True]


def test_only_who_may_sign_signs(line: Asked) -> None:
    line.opened()
    line.answer()
    with pytest.raises(Forbidden):
        line.form().sign(line.case(), 2, Person("Practitioner/2", "Robin", may_sign=False))


def test_a_second_click_sends_nothing_more(line: Asked) -> None:
    line.opened()
    line.answer()
    first, second = line.form(), line.form()
    first.sign(line.case(), 2, SIGNING)
    with pytest.raises(IllegalMove):
        second.sign(line.case(), 2, SIGNING)
    with pytest.raises(StaleRevision):
        line.form().sign(line.case(), 2, SIGNING)
    line.pass_by(5)
    assert len(line.sent()) == 1


def test_after_no_answer_a_person_asks_and_the_same_goes_again(line: Asked) -> None:
    line.payer.answers["$submit-attachment"] = [PayerUnknown("cut"), TAKEN]
    line.opened()
    line.answer()
    line.form().sign(line.case(), 2, SIGNING)
    line.pass_by(5)
    assert (line.state(), len(line.sent())) == ("unknown", 1)
    name = line.form().wish.sent
    assert name and name.form == URL
    line.follow.adding.clear_up(line.case(), SIGNER, name.identifier, arrived=False)
    line.pass_by(5)
    first, second = line.sent()
    assert (line.state(), first) == ("received", second)


def test_a_document_that_is_chosen_goes_along_and_is_not_taken_for_the_form(line: Asked) -> None:
    line.opened()
    line.answer()
    later, case = line.form(), line.case()
    assert later.choose_documents(case, 2, SIGNING, ("DocumentReference/n1",)) == 3
    assert later.choose_documents(case, 3, SIGNING, ("DocumentReference/n1",)) == 3
    later.sign(case, 3, SIGNING)
    line.step()
    (sent,) = line.sent()
    kinds = [one["resourceType"] for one in contents(sent)]
    assert kinds == ["QuestionnaireResponse", "DocumentReference"]
    papers = [one["part"] for one in sent["parameter"] if one["name"] == "Attachment"]
    assert [any(each["name"] == "Code" for each in one) for one in papers] == [True, False]


@pytest.mark.parametrize(
    "answer", [package(), Reply(400, None), Reply(200, {"resourceType": "Parameters"})]
)
def test_a_form_that_cannot_be_had_is_tried_again_when_a_person_wants_it(
    line: Asked, answer: Reply
) -> None:
    line.payer.answers["$questionnaire-package"] = [answer, package(BUNDLE)]
    later = line.opened()
    assert (later.failed(), later.found(line.case())) == (True, None)
    line.opened()
    assert line.form().failed()
    line.form().again(line.case(), a_launch())
    assert not line.form().failed()
    assert line.form().found(line.case())


def test_a_chart_that_cannot_be_read_fills_in_nothing(line: Asked) -> None:
    line.ehr.fails.add("read")
    later = line.opened()
    assert later.marked()["chart"][0] == "failed"
    assert later.found(line.case()) is None


def test_a_payer_without_an_address_for_forms_is_not_asked(line: Asked) -> None:
    line.settings.dtr_base = None
    later = line.opened()
    assert not later.has_forms(line.case())
    assert [one for one, _ in line.payer.posts if "package" in one] == []


def test_a_form_that_is_decided_without_is_asked_for_no_more(line: Asked) -> None:
    line.opened()
    line.payer.answers["$inquire"] = [ok(an_answer_item("A3", utn="AB1234567890CD"))]
    name = line.form().name
    line.pass_by(10)
    with pytest.raises(NotAsked):
        Later(Flow(line.world), line.follow.adding, line.case(), name)


def test_documents_alone_are_no_answer_to_a_form(line: Asked) -> None:
    name = line.form().name
    with pytest.raises(IllegalMove):
        line.follow.adding.begin(line.case(), SIGNER, name, ("DocumentReference/n1",))


def test_what_was_refused_may_be_signed_again(line: Asked) -> None:
    refused = Reply(422, {"resourceType": "OperationOutcome", "issue": [{"diagnostics": "no"}]})
    line.payer.answers["$submit-attachment"] = [refused, TAKEN]
    line.opened()
    line.answer()
    line.form().sign(line.case(), 2, SIGNING)
    line.step()
    assert (line.state(), line.form().wish.faults) == ("rejected", ("no",))
    line.form().answer(line.case(), 2, SIGNING, {"q": ["false"], "fields": ["q"]})
    line.form().sign(line.case(), 3, SIGNING)
    line.pass_by(3)
    assert line.state() == "received"
    assert len(line.sent()) == 2


def test_a_slow_preparation_overwrites_no_answer(line: Asked) -> None:
    later = line.opened()
    kept, found = later.flow.kept(line.case()), later.found(line.case())
    assert found is not None
    line.answer()
    before = line.form().found(line.case())
    later._fill(line.case(), kept, kept, found[0])
    assert line.form().found(line.case()) == before
    line.form().sign(line.case(), 2, SIGNING)
    line.step()
    assert line.state() == "received"


def test_two_forms_under_one_number_are_apart(line: Asked) -> None:
    """A payer may ask for a document under the number of its form."""
    both = [{"contentString": "102089-0"}, {"contentString": "11506-3"}]
    found = wanted(asking(a_wish(payload=both)))
    assert len({Wish(one, "open").name for one in found}) == 2
