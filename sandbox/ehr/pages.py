"""What a person sees of the pretend EHR: people, a chart with the app in a frame, documents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from flask import Blueprint, abort, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from sandbox.ehr import panel
from sandbox.ehr.people import human_name
from sandbox.ehr.smart import Context

if TYPE_CHECKING:
    from sandbox.ehr.app import Ehr

ON_CALL = "Practitioner/dr-sampleton"
FIRST = "opal"
"""Whose chart answers all but one question: the shortest way to a number."""
WIDTHS = (400, 800, 1200)


class Pages:
    """Views of one EHR."""

    def __init__(self, ehr: Ehr) -> None:
        self.ehr = ehr

    def _patient(self, identifier: str) -> dict[str, Any]:
        found = self.ehr.store.read("Patient", identifier)
        if found.status != 200 or found.body is None:
            abort(404)
        return found.body

    def chart(self, identifier: str) -> dict[str, Any]:
        """Return what the left panel shows."""
        patient = self._patient(identifier)
        return {
            "id": identifier,
            "name": human_name(patient),
            "facts": f"{patient.get('gender', '')}, born {panel.born(patient)}",
            **panel.lists(self.ehr.store, identifier, self.ehr.authored),
        }

    def people(self) -> list[dict[str, str]]:
        """Return everybody."""
        return [
            {"id": one["id"], "name": human_name(one), "born": panel.born(one)}
            for one in self.ehr.store.all("Patient")
        ]

    def start(self) -> list[dict[str, Any]]:
        """Return everybody, with what is ordered for them and in which state."""
        store = self.ehr.store
        found = []
        for one in store.all("Patient"):
            orders = store.all("ServiceRequest", patient=one["id"])
            open_ones = [order for order in orders if order["status"] in panel.OPEN]
            found.append(
                {
                    "id": one["id"],
                    "name": human_name(one),
                    "born": panel.born(one),
                    "orders": {panel.code(order): panel.words(order) for order in open_ones},
                    "state": panel.state(store, open_ones) or panel.home(one),
                }
            )
        return found

    def launch_url(self, patient_id: str, order_id: str) -> str:
        """Create a launch of an order by its requester, or who is on call; return its URL."""
        store, names = self.ehr.store, self.ehr.names
        order_id = names.order(order_id)
        order = store.read("ServiceRequest", order_id).body
        if order is None or order.get("subject", {}).get("reference") != f"Patient/{patient_id}":
            abort(404)
        requisition = order.get("requisition", {}).get("value")
        orders = [f"ServiceRequest/{order_id}"]
        orders += [
            f"ServiceRequest/{one['id']}"
            for one in store.all("ServiceRequest", patient=patient_id)
            if requisition
            and one.get("requisition", {}).get("value") == requisition
            and one["id"] != order_id
        ]
        user = order.get("requester", {}).get("reference", ON_CALL)
        person = store.read(*user.split("/")).body or {}
        coverages = [one["reference"] for one in order.get("insurance") or []]
        wrong, named = self.ehr.wrong, (*orders, *coverages)
        context = Context(
            patient_id if wrong.patient is None else wrong.patient,
            user,
            human_name(person),
            named if wrong.context is None else tuple(map(names.reference, wrong.context)),
        )
        query = {"iss": self.ehr.config.issuer, "launch": self.ehr.authority.launch(context)}
        return f"{self.ehr.config.app_url}/launch?{urlencode(query)}"


def blueprint(ehr: Ehr) -> Blueprint:
    """Return the pages."""
    routes, view = Blueprint("pages", __name__), Pages(ehr)

    @routes.get("/")
    def index() -> str:
        everybody = view.start()
        first = next((one for one in everybody if one["id"] == FIRST), None)
        return render_template("ehr/people.html", people=everybody, first=first)

    @routes.get("/patients/<identifier>")
    def patient(identifier: str) -> str:
        width = request.args.get("width", "800")
        return render_template(
            "ehr/chart.html",
            chart=view.chart(identifier),
            people=[one for one in view.people() if one["id"] != identifier],
            widths=WIDTHS,
            width=int(width) if width.isdigit() and int(width) in WIDTHS else 800,
            payer=ehr.config.payer_url,
        )

    @routes.get("/patients/<identifier>/panel")
    def left_panel(identifier: str) -> str:
        return render_template("ehr/_panel.html", chart=view.chart(identifier))

    @routes.get("/documents/<identifier>")
    def document(identifier: str) -> str:
        found = ehr.store.read("DocumentReference", identifier)
        if found.status != 200 or found.body is None:
            abort(404)
        title = found.body.get("description", "Document")
        return render_template("ehr/document.html", title=title, text=panel.text(found.body))

    @routes.get("/open")
    def open_app() -> AnyResponse:
        return redirect(view.launch_url(request.args["patient"], request.args["order"]), 302)

    return routes
