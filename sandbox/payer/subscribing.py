"""``Subscription`` at each base address: create, read, renew, drop, ``$status``, ``$events``.

https://hl7.org/fhir/uv/subscriptions-backport/STU1.1/OperationDefinition-backport-subscription-events.html
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request

from sandbox.payer import notifications
from sandbox.payer.body import body_of
from sandbox.payer.config import PayerConfig
from sandbox.payer.courier import Courier
from sandbox.payer.outcome import Refused, fhir
from sandbox.payer.r4 import mapping, objects, value_of
from sandbox.payer.subscriptions import Book
from sandbox.payer.versions import Version


def add(
    pas: Blueprint, version: Version, config: PayerConfig, book: Book, courier: Courier
) -> None:
    """Add the subscription endpoints of one version."""

    @pas.post("/Subscription")
    def create() -> Response:
        made = book.take(body_of(), version)
        answer = fhir(made.view(), 201)
        answer.headers["Location"] = notifications.address(made, courier.base(made))
        courier.handshake(made)
        return answer

    @pas.get("/Subscription/<name>")
    def read(name: str) -> Response:
        return fhir(book.get(name, version).view())

    @pas.put("/Subscription/<name>")
    def renew(name: str) -> Response:
        known, again = book.renew(name, body_of(), version)
        answer = fhir(known.view())
        if again:
            courier.handshake(known)
        return answer

    @pas.delete("/Subscription/<name>")
    def drop(name: str) -> Response:
        book.drop(name, version)
        return Response(status=204)

    _operations(pas, version, config, book, courier)


def _operations(
    pas: Blueprint, version: Version, config: PayerConfig, book: Book, courier: Courier
) -> None:
    @pas.route("/Subscription/<name>/$status", methods=["GET", "POST"])
    def status(name: str) -> Response:
        known = book.get(name, version)
        return fhir(notifications.searchset(known, courier.base(known)))

    @pas.route("/Subscription/<name>/$events", methods=["GET", "POST"])
    def events(name: str) -> Response:
        known = book.get(name, version)
        first = _number("eventsSinceNumber", 1)
        last = _number("eventsUntilNumber", len(known.events))
        wanted = tuple(one for one in known.events if first <= one.number <= last)
        base = courier.base(known)
        return fhir(notifications.bundle(known, base, config.now(), "query-event", wanted))


def _number(name: str, otherwise: int) -> int:
    """Return a number of the query or of posted Parameters; raises Refused (400)."""
    said: Any = request.args.get(name)
    if said is None and request.method == "POST":
        parts = objects(mapping(body_of()).get("parameter"))
        said = next((value_of(one) for one in parts if one.get("name") == name), None)
    if said is None:
        return otherwise
    if not str(said).isdecimal():
        raise Refused.because(400, f"{name} is a whole number", name)
    return int(said)
