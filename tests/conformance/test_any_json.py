"""Whatever a payer answers, in any place: no crash, no green that it did not say, no lost case."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smart_app import formatters
from smart_app.cases import states
from smart_app.cases.model import Decision
from smart_app.cases.store import Store
from smart_app.crd import ask as ask_crd
from smart_app.dtr import package
from smart_app.errors import PackageError
from smart_app.pas import inquiry
from tests.conformance.any_json import ANY, FEW, MANY, spoiled
from tests.unit.crd.test_client import CALL, CHART, SERVICE, information
from tests.unit.crd.test_client import an_answer as a_crd_answer
from tests.unit.kit import NOW, READ_AT, FakeCache, FakeClock, FakePayer, Reply, a_store
from tests.unit.line import Line
from tests.unit.pas.requests import the_case
from tests.unit.pas.test_decision import SENT, an_answer, an_answer_item, read

GREEN = ("affirmed", "affirmed_modified", "partial")
NUMBER = "JFA99900004417"
CODES = ("A1", "A2", "A3", "A4", "A6", "C", "CT", "NA")


def answers() -> st.SearchStrategy[Any]:
    """Return a PAS answer about a case of one order, sound, spoiled, or anything."""
    sound = [an_answer(an_answer_item(code, utn=NUMBER), status="active") for code in CODES]
    return st.sampled_from(sound).flatmap(lambda one: spoiled(lambda: one)) | ANY


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
@MANY
@given(answers())
def test_an_answer_to_a_request(body: Any) -> None:
    check(read(the_case(), body), body)


@pytest.mark.req("pas-2.2.1@conf-8", "pas-2.0.1@41", "pas-2.0.1@221")
@MANY
@given(st.lists(answers(), min_size=1, max_size=3), st.sampled_from(("collection", "searchset")))
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


@MANY
@given(spoiled(lambda: a_crd_answer(information()).body) | ANY, spoiled(lambda: [SERVICE]) | ANY)
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


@MANY
@given(spoiled(a_package) | ANY)
def test_a_form(body: Any) -> None:
    try:
        found = package.read(body, 200)
    except PackageError:
        return
    assert found.questionnaires


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Return a maker of stores, a folder each."""
    folder, numbers = tmp_path_factory.mktemp("any"), itertools.count()

    def made(clock: FakeClock) -> Store:
        place = folder / str(next(numbers))
        place.mkdir()
        return a_store(place, clock)

    return made


@FEW
@given(
    st.sampled_from((200, 201, 400, 422, 500, 503)),
    answers(),
    st.lists(answers(), min_size=1, max_size=2),
    st.sampled_from(("person", "inquire", "idempotent_resend")),
)
def test_a_case_is_never_lost(
    stores: Any, status: int, first: Any, then: list[Any], recovery: str
) -> None:
    clock = FakeClock()
    store = stores(clock)
    inquired = [Reply(200, one) for one in then]
    payer = FakePayer({"$submit": [Reply(status, first)], "$inquire": inquired})
    line = Line(store, clock, payer, recovery=recovery)
    line.signed()
    line.pass_by(12, each=5)
    case, state = line.case(), states.headline(line.case().tracks)
    assert len({body for url, body in payer.posts if url.endswith("$submit")}) == 1
    if state.removesuffix("_number_awaited") in GREEN:
        assert any(f'"{code}"' in json.dumps([first, *then]) for code in ("A1", "A2", "A6"))
    told = formatters.headline(case, state, "Zyter", NOW.date(), "UTC")
    waits = [one for one in line.world.tasks.of_case(case.id) if one.state in ("due", "leased")]
    assert told
    assert waits or formatters.next_line(
        case, state, "Zyter", "Noridian", recovery, "today", warned=False
    )
    store.engine.dispose()
