"""Where each version of PAS keeps the member's number.

On the Patient up to 2.1.0, on the Coverage since 2.2.
https://hl7.org/fhir/us/davinci-pas/2.2.1/en/StructureDefinition-profile-coverage.html
"""

from __future__ import annotations

from sandbox.payer import r4
from sandbox.payer.bundle_rules import Index
from sandbox.payer.r4 import Json, mapping, objects
from sandbox.payer.versions import Version


def number(patient: Json, coverage: Json, index: Index, version: Version) -> str | None:
    """Return the member's number from where the version has it, or None."""
    subscriber = str(mapping(coverage.get("subscriber")).get("reference"))
    people = [patient, index.get(subscriber, ("", {}))[1]]
    places = {
        "coverage": r4.member_identifiers(coverage),
        "patient": [one for person in people for one in r4.member_identifiers(person)],
        "subscriber": [
            {"value": coverage.get("subscriberId")},
            *(one for person in people for one in objects(person.get("identifier"))),
        ],
    }
    found = [one.get("value") for place in version.member_on for one in places[place]]
    return next((str(one) for one in found if one), None)
