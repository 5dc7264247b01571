"""The stages before the signature over scripts: a chart, a site of four places, two payers."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import smart_app
from launch import LaunchContext
from smart_app.audit.chain import AuditChain
from smart_app.audit.metrics import Metrics
from smart_app.cases.inbox import Inbox
from smart_app.cases.model import (
    Case,
    CoverageAnswer,
    Person,
    Place,
    QuestionnairePackage,
    Resource,
)
from smart_app.cases.store import Store
from smart_app.cases.tasks import Tasks
from smart_app.dtr import package
from smart_app.errors import ChartUnavailable
from smart_app.fhir import codes
from smart_app.flow import Flow
from smart_app.programs import base
from smart_app.review import Review
from smart_app.seal import Seal
from tests.unit.dtr.forms import PATIENT, Script
from tests.unit.kit import CPT, ISS, KEY, FakeChart, FakeClock

WISER = base.load(Path(smart_app.__file__).parent / "programs/wiser")
LOCAL = package.local(Path(WISER.folder) / "forms/esi.package.json")
DOCTOR = Person("Practitioner/1", "Dr. Rivera")
PLACES = (
    Place("office", "The office", "11", "AZ", location_ref="Location/office"),
    Place("hospital", "The hospital", "22", "AZ", tob="131", location_ref="Location/hospital"),
    Place("texas", "The Texas office", "11", "TX", location_ref="Location/texas"),
    Place("far", "The far office", "11", "CA", location_ref="Location/far"),
)
ALL = ("patient/*.cruds",)


def at(*names: str) -> list[dict[str, str]]:
    """Return references to locations."""
    return [{"reference": f"Location/{one}"} for one in names]


def an_order(number: str = "1", place: tuple[str, ...] = ("office",), **more: Any) -> Resource:
    """Return an active order for an injection."""
    return {
        "resourceType": "ServiceRequest",
        "id": number,
        "status": "active",
        "subject": {"reference": "Patient/p1"},
        "requester": {"reference": DOCTOR.fhir_user},
        "code": {"coding": [{"system": CPT, "code": "62323"}]},
        "reasonCode": [{"coding": [{"system": codes.ICD10CM, "code": "M54.16"}]}],
        "locationReference": at(*place),
        **more,
    }


def an_appointment(*place: str, **more: Any) -> Resource:
    """Return the booked appointment of the first order."""
    actors = [{"reference": "Patient/p1"}, *at(*place)]
    return {
        "resourceType": "Appointment",
        "id": "a1",
        "status": "booked",
        "basedOn": [{"reference": "ServiceRequest/1"}],
        "participant": [{"actor": one} for one in actors],
        **more,
    }


def a_coverage(number: str = "medicare", kind: str | None = "121", **more: Any) -> Resource:
    """Return an active coverage of a payer type."""
    made: Resource = {
        "resourceType": "Coverage",
        "id": number,
        "status": "active",
        "beneficiary": {"reference": "Patient/p1"},
        "payor": [{"display": f"The payer of {number}"}],
    }
    if kind:
        made["type"] = {"coding": [{"system": codes.SOPT, "code": kind}]}
    return made | more


def a_launch(number: str = "1", scopes: tuple[str, ...] = ALL, **more: Any) -> LaunchContext:
    """Return a launch from an order."""
    return LaunchContext(
        **{
            "launch_id": f"L{number}",
            "site": "site",
            "iss": ISS,
            "fhir_base": ISS,
            "patient_id": "p1",
            "encounter_id": None,
            "fhir_user": DOCTOR.fhir_user,
            "user_name": DOCTOR.name,
            "order_refs": ("ServiceRequest/1",),
            "coverage_ref": None,
            "granted_scopes": scopes,
            **more,
        }
    )


class AtOnce:
    """A pool that does its work in the caller's thread, or keeps it until it is let go."""

    def __init__(self) -> None:
        self.held: list[Callable[[], Any]] | None = None

    def submit(self, work: Callable[..., Any], *given: Any) -> Future[Any]:
        if self.held is not None:
            self.held.append(lambda: work(*given))
        else:
            work(*given)
        return Future()


class Payers:
    """Two payers, of Arizona and of Texas."""

    def of_route(self, program: str, state: str) -> Any:
        return self.find({"AZ": "zyter", "TX": "cohere"}.get(state))

    def find(self, payer_id: str | None) -> Any:
        if payer_id is None:
            return None
        return SimpleNamespace(
            id=payer_id,
            pas_base="https://payer.example",
            contact="",
            pas_version="2.2.1",
            recovery="inquire",
        )

    of_id = find


class Front(Flow):
    """The line before the signature; ``forms`` are what payers send, by payer."""

    def __init__(self, store: Store, clock: FakeClock, pool: ThreadPoolExecutor) -> None:
        self.ehr = FakeChart(held={"Patient/p1": PATIENT})
        self.forms: dict[str, QuestionnairePackage] = {}
        self.pool = AtOnce()
        site = SimpleNamespace(
            id="site", time_zone="UTC", facilities=PLACES, signers="any_practitioner"
        )
        site.facility = {one.facility_id: one for one in PLACES}.get
        world: Any = SimpleNamespace(
            store=store,
            inbox=Inbox(store, Seal((KEY,))),
            metrics=Metrics(store),
            tasks=Tasks(store, 60.0),
            audit=AuditChain(store, Seal((KEY,))),
            clock=clock,
            payers=Payers(),
            sites=SimpleNamespace(of_id=lambda _: site),
            program=WISER,
            chart=lambda _: self.ehr,
            chart_pool=pool,
            prepare_pool=self.pool,
            engines=Script(),
        )
        super().__init__(world)
        self.acts = Review(self)

    def chart(self, *resources: Resource) -> None:
        """Put resources into the chart."""
        self.ehr.held |= {f"{one['resourceType']}/{one['id']}": one for one in resources}

    def ask(self, case: Case, *rest: Any) -> CoverageAnswer:
        """Let the payer answer when it has a form."""
        outcome: Any = "answered" if case.payer_id in self.forms else "not_asked"
        return CoverageAnswer(outcome, case.payer_id or "")

    def fetch(self, case: Case, *rest: Any) -> QuestionnairePackage:
        """Return the payer's form, else Medicare's own list."""
        return self.forms.get(case.payer_id or "", LOCAL)

    def opened(self, **more: Any) -> Case:
        """Open the order, and return its case as it is then."""
        return self.now(self.open(a_launch(**more)))

    def now(self, case: Case) -> Case:
        """Return a case as it is now."""
        return self.store.case(case.id)

    def settled(self, case: Case, field: str, key: str) -> Case:
        """Settle a conflict as the doctor."""
        return self.now(self.acts.settle(case, case.revision, DOCTOR, field, key, a_launch()))

    def origin(self, case: Case) -> str:
        """Return whose form a case has."""
        found = self.draft(case)
        return found[0].origin if found else ""


def payers_form(items: list[Resource]) -> QuestionnairePackage:
    """Return a form as a payer gives it."""
    form = {
        "resourceType": "Questionnaire",
        "url": "http://payer.example/form",
        "title": "The payer's form",
        "item": items,
    }
    return QuestionnairePackage((form,))


def unread(front: Front, kind: str) -> None:
    """Let the chart fail for a type."""
    search = front.ehr.search

    def failing(resource_type: str, params: Any) -> list[Resource]:
        if resource_type == kind:
            raise ChartUnavailable("status 500")
        return search(resource_type, params)

    front.ehr.search = failing  # type: ignore[method-assign]
