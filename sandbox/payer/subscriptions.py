"""Subscriptions to decisions: what a client may ask for, and the book of those taken.

https://hl7.org/fhir/us/davinci-pas/2.2.1/en/StructureDefinition-profile-subscription.html
"""

from __future__ import annotations

import re
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from sandbox.payer import r4
from sandbox.payer.outcome import Faults, Refused
from sandbox.payer.r4 import Json, mapping
from sandbox.payer.versions import Version

TOPIC = "http://hl7.org/fhir/us/davinci-pas/SubscriptionTopic/PASSubscriptionTopic"
BACKPORT = "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/backport-"
FHIR_JSON = "application/fhir+json"
LOOPBACK = ("127.0.0.1", "localhost", "::1")
HEADER = re.compile(
    r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\x21-\x7e](?:[ \t\x20-\x7e]*[\x21-\x7e])?)"
)
OWN_HEADERS = ("content-type", "content-length", "host", "transfer-encoding", "connection")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a Subscription asks for, checked."""

    organization: str
    endpoint: str
    headers: tuple[tuple[str, str], ...]
    content: str
    heartbeat: int | None
    end: datetime | None


@dataclass(frozen=True, slots=True)
class Event:
    """One change that a subscription was told of: the answer as it was then."""

    number: int
    timestamp: str
    focus: str
    bundle: Json


@dataclass
class Subscription:
    """One subscription and all that happened to it; guarded by the book's lock."""

    id: str
    version: Version
    resource: Json
    wanted: Wanted
    status: str = "requested"
    error: str = ""
    events: list[Event] = field(default_factory=list)
    heartbeat_at: float | None = None

    def view(self) -> Json:
        """Return the resource as the server holds it now."""
        kept = {name: value for name, value in self.resource.items() if name != "error"}
        made = {**kept, "id": self.id, "status": self.status}
        if self.error:
            made["error"] = self.error
        return made

    def summary(self) -> Json:
        """Return what the sandbox shows of it, without the headers that it was given."""
        return {
            "id": self.id,
            "version": self.version.name,
            "status": self.status,
            "error": self.error or None,
            "organization": self.wanted.organization,
            "endpoint": self.wanted.endpoint,
            "content": self.wanted.content,
            "end": self.wanted.end and self.wanted.end.isoformat(),
            "events": len(self.events),
        }


def read(body: Any, version: Version, now: datetime) -> Wanted:
    """Return what a Subscription asks for; raises Refused (422) naming every fault."""
    faults, asked = Faults(), mapping(body)
    faults.need(
        asked.get("resourceType") == "Subscription", "", "the body is no Subscription", "structure"
    )
    faults.need(asked.get("reason"), "Subscription.reason", "is required", "required")
    faults.need(
        asked.get("criteria") == TOPIC, "Subscription.criteria", f"must be {TOPIC}", "not-supported"
    )
    channel = mapping(asked.get("channel"))
    wanted = Wanted(
        organization=_filter(mapping(asked.get("_criteria")), version, faults),
        endpoint=_endpoint(channel, faults),
        headers=_headers(channel.get("header"), faults),
        content=_content(channel, version, faults),
        heartbeat=_heartbeat(channel, faults),
        end=_end(asked.get("end"), now, faults),
    )
    if faults.found:
        raise Refused(422, faults.found)
    return wanted


def _filter(criteria: Json, version: Version, faults: Faults) -> str:
    filters = r4.extensions(criteria, BACKPORT + "filter-criteria")
    name, _, value = str(r4.value_of(filters[0]) if filters else "").partition("=")
    faults.need(
        len(filters) == 1 and name.removeprefix("ClaimResponse?") in version.filters and value,
        "Subscription.criteria.extension",
        f"exactly one filter is taken: {' or '.join(version.filters)}, with = and a value",
        "not-supported",
    )
    return value.rpartition("|")[2]


def _endpoint(channel: Json, faults: Faults) -> str:
    at = "Subscription.channel"
    faults.need(channel.get("type") == "rest-hook", f"{at}.type", "only rest-hook", "not-supported")
    endpoint = str(channel.get("endpoint"))
    faults.need(
        _of_this_machine(endpoint),
        f"{at}.endpoint",
        "the pretend payer only calls http and https addresses of this machine",
        "value",
    )
    return endpoint


def _of_this_machine(endpoint: str) -> bool:
    try:
        parts = urlsplit(endpoint)
        port = parts.port
    except ValueError:
        return False
    plain = all("!" <= letter <= "~" for letter in endpoint)
    loopback = parts.scheme in ("http", "https") and parts.hostname in LOOPBACK
    return plain and loopback and port != 0


def _headers(lines: Any, faults: Faults) -> tuple[tuple[str, str], ...]:
    found = []
    for line in lines if isinstance(lines, list) else []:
        match = HEADER.fullmatch(str(line))
        if match and match[1].lower() not in OWN_HEADERS:
            found.append((match[1], match[2]))
        else:
            faults.add("Subscription.channel.header", "a header is Name: value", "value")
    return tuple(found)


def _content(channel: Json, version: Version, faults: Faults) -> str:
    """Return how much a notification says; where a version allows several, the first if none."""
    at = "Subscription.channel.payload"
    faults.need(channel.get("payload") == FHIR_JSON, at, f"must be {FHIR_JSON}", "not-supported")
    said = r4.extension_value(channel.get("_payload"), BACKPORT + "payload-content")
    if said is None and len(version.contents) > 1:
        return version.contents[0]
    faults.need(
        said in version.contents,
        f"{at}.extension",
        f"payload content must be {' or '.join(version.contents)}",
        "not-supported",
    )
    return str(said)


def _heartbeat(channel: Json, faults: Faults) -> int | None:
    said = r4.extension_value(channel, BACKPORT + "heartbeat-period")
    if said is None:
        return None
    whole = type(said) is int and said > 0
    faults.need(whole, "Subscription.channel.extension", "a heartbeat has whole seconds", "value")
    return said if whole else None


def _end(said: Any, now: datetime, faults: Faults) -> datetime | None:
    if said is None:
        return None
    try:
        end = datetime.fromisoformat(str(said))
    except ValueError:
        end = now.replace(tzinfo=None)
    later = end.tzinfo is not None and end > now
    faults.need(later, "Subscription.end", "must be an instant that is still to come", "value")
    return end


class Book:
    """All subscriptions of one payer, of every version."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self.lock = threading.RLock()
        self._all: dict[str, Subscription] = {}

    def take(self, body: Any, version: Version) -> Subscription:
        """Record a new subscription; raises Refused (422)."""
        wanted = read(body, version, self._now())
        if body.get("status") != "requested":
            raise Refused.because(422, "a new subscription has status requested", "status")
        with self.lock:
            made = Subscription(str(uuid.uuid4()), version, dict(body), wanted)
            self._all[made.id] = made
            return made

    def renew(self, name: str, body: Any, version: Version) -> tuple[Subscription, bool]:
        """Change a subscription; return it and whether it has to be shaken hands on again.

        An active one stays so when only its end, reason or heartbeat change. ``off`` stops it.
        Raises Refused (404, 422).
        """
        with self.lock:
            known = self.get(name, version)
            wanted = read(body, version, self._now())
            status = body.get("status")
            again = status == "requested"
            same = (wanted.organization, wanted.endpoint, wanted.headers, wanted.content) == (
                known.wanted.organization, known.wanted.endpoint,
                known.wanted.headers, known.wanted.content,
            )  # fmt: skip
            if body.get("id") != name:
                raise Refused.because(422, "the id differs from the address", "Subscription.id")
            if not (again or status == "off" or (status == "active" == known.status and same)):
                raise Refused.because(
                    422, "ask for it again with status requested", "Subscription.status"
                )
            known.resource, known.wanted, known.status = dict(body), wanted, str(status)
            known.error = ""
            return known, again

    def get(self, name: str, version: Version) -> Subscription:
        """Return a subscription of a version's base address; raises Refused (404)."""
        with self.lock:
            self._expire()
            found = self._all.get(name)
            if found is None or found.version != version:
                raise Refused.because(404, "no such subscription", code="not-found")
            return found

    def drop(self, name: str, version: Version) -> None:
        """Forget a subscription; raises Refused (404)."""
        with self.lock:
            del self._all[self.get(name, version).id]

    def all(self) -> list[Subscription]:
        """Return every subscription, those whose end has come switched off."""
        with self.lock:
            self._expire()
            return list(self._all.values())

    def clear(self) -> None:
        """Forget every subscription."""
        with self.lock:
            self._all.clear()

    def _expire(self) -> None:
        now = self._now()
        for one in self._all.values():
            if one.wanted.end is not None and one.wanted.end <= now:
                one.status = "off"
