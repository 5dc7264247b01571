"""What the people, organizations, orders and papers of a PAS request owe."""

from __future__ import annotations

import re

from sandbox.payer import members, r4
from sandbox.payer.bundle_rules import DATE, Index
from sandbox.payer.claim_rules import points_at, target
from sandbox.payer.outcome import Faults
from sandbox.payer.r4 import X12, Json, mapping, objects
from sandbox.payer.versions import Version

MBI_FORM = re.compile(r"[1-9]S[A-Z0-9][0-9][A-Z][A-Z0-9][0-9][A-Z]{2}[0-9]{2}")
OCCURRENCES = ("occurrenceDateTime", "occurrencePeriod")


def check(claim: Json, index: Index, version: Version, faults: Faults) -> None:
    """Note the faults of every resource but the Claim."""
    insurer = mapping(claim.get("insurer")).get("reference")
    provider = mapping(claim.get("provider")).get("reference")
    for url, (at, resource) in index.items():
        kind = resource.get("resourceType")
        if kind == "Organization":
            _organization(resource, at, version, faults)
            if url == provider:
                _requestor(resource, at, faults)
        elif kind in CHECKS:
            CHECKS[kind](resource, at, index, version, faults)
    faults.need(
        insurer != provider, "Bundle.entry[0].resource", "insurer and provider are the same"
    )
    _same_person(claim, index, version, faults)


def _same_person(claim: Json, index: Index, version: Version, faults: Faults) -> None:
    patient = mapping(claim.get("patient")).get("reference")
    for at, resource in index.values():
        subject = resource.get("subject") or resource.get("beneficiary")
        if subject is not None:
            faults.need(
                mapping(subject).get("reference") == patient,
                at,
                "is about another person than Claim.patient",
            )
    coverage = target(index, (objects(claim.get("insurance")) or [{}])[0].get("coverage"))
    person = target(index, claim.get("patient"))
    numbers = {one.get("value") for one in r4.member_identifiers(coverage)}
    known = {one.get("value") for one in r4.member_identifiers(person)}
    faults.need(
        not known or not numbers or known == numbers,
        "Bundle.entry[0].resource.patient",
        "the patient's member number differs from the coverage's",
    )
    faults.need(
        members.number(person, coverage, index, version),
        f"{index.get(str(patient), ('Bundle', {}))[0]}.identifier",
        f"the member's number (type v2-0203 MB) is required on the {version.member_on[0]}",
        "required",
    )


def _organization(organization: Json, at: str, version: Version, faults: Faults) -> None:
    said = organization.get("active", not version.documented)
    faults.need(said is True, f"{at}.active", "must be true", "value")
    faults.need(organization.get("name"), f"{at}.name", "is required", "required")
    npi = r4.identifier(organization, r4.NPI)
    if npi is not None:
        _npi(npi, at, faults)


def _npi(npi: str, at: str, faults: Faults) -> None:
    faults.need(r4.npi_valid(npi), f"{at}.identifier", "the NPI's check digit is wrong", "value")


def _requestor(organization: Json, at: str, faults: Faults) -> None:
    faults.need(
        r4.identifier(organization, r4.NPI),
        f"{at}.identifier",
        "the requestor's NPI is required",
        "required",
    )
    telecoms = [
        telecom
        for contact in objects(organization.get("contact"))
        for telecom in objects(contact.get("telecom"))
    ]
    faults.need(
        any(one.get("system") == "phone" and one.get("value") for one in telecoms),
        f"{at}.contact",
        "a contact with a phone number is required (WISeR guide, Table 1)",
        "required",
    )


def _patient(patient: Json, at: str, index: Index, version: Version, faults: Faults) -> None:
    _made_up(objects(patient.get("identifier")), at, faults)
    for one in objects(patient.get("identifier")) or [{}]:
        faults.need(
            one.get("system") and one.get("value"),
            f"{at}.identifier",
            "an identifier with system and value is required",
            "required",
        )
    names = objects(patient.get("name"))
    faults.need(any(one.get("family") for one in names), f"{at}.name", "is required", "required")
    faults.need(patient.get("gender"), f"{at}.gender", "is required", "required")
    born = str(patient.get("birthDate"))
    faults.need(DATE.fullmatch(born), f"{at}.birthDate", "must be a full date", "required")


def _made_up(identifiers: list[Json], at: str, faults: Faults) -> None:
    for one in identifiers:
        faults.need(
            one.get("system") != r4.MBI or MBI_FORM.fullmatch(str(one.get("value"))),
            f"{at}.identifier",
            "only made-up Medicare numbers are taken here: 11 characters, S as the second",
            "business-rule",
        )


def _coverage(coverage: Json, at: str, index: Index, version: Version, faults: Faults) -> None:
    found = r4.member_identifiers(coverage)
    faults.need(
        version.member_on != ("coverage",) or (len(found) == 1 and found[0].get("value")),
        f"{at}.identifier",
        "exactly one member identifier (type v2-0203 MB) with a value is required",
        "required",
    )
    _made_up(objects(coverage.get("identifier")), at, faults)
    faults.need(coverage.get("status") == "active", f"{at}.status", "must be active", "value")
    self_coded = r4.code_in(coverage.get("relationship"), X12 + "1069") == "18"
    faults.need(
        self_coded or coverage.get("subscriber"),
        f"{at}.relationship",
        "without the X12 1069 code 18 a subscriber is required",
    )
    faults.need(r4.codings(coverage.get("relationship")), f"{at}.relationship", "is required")
    payors = objects(coverage.get("payor"))
    faults.need(len(payors) == 1, f"{at}.payor", "exactly one payor is required", "required")
    for one in payors:
        points_at(index, one, ("Organization",), f"{at}.payor", faults)


def _role(role: Json, at: str, index: Index, version: Version, faults: Faults) -> None:
    points_at(index, role.get("practitioner"), ("Practitioner",), f"{at}.practitioner", faults)
    faults.need(
        role.get("telecom") or role.get("endpoint"),
        f"{at}.telecom",
        "telecom or endpoint is required",
        "required",
    )
    practitioner = target(index, role.get("practitioner"))
    faults.need(
        r4.identifier(practitioner, r4.NPI),
        f"{at}.practitioner",
        "the practitioner's NPI is required",
        "required",
    )


def _practitioner(
    practitioner: Json, at: str, index: Index, version: Version, faults: Faults
) -> None:
    names = objects(practitioner.get("name"))
    faults.need(any(one.get("family") for one in names), f"{at}.name", "is required", "required")
    npi = r4.identifier(practitioner, r4.NPI)
    if npi is not None:
        _npi(npi, at, faults)


def _request(order: Json, at: str, index: Index, version: Version, faults: Faults) -> None:
    faults.need(order.get("intent") == "order", f"{at}.intent", "must be order", "value")
    faults.need(order.get("status"), f"{at}.status", "is required", "required")
    faults.need(r4.codings(order.get("code")), f"{at}.code", "is required", "required")
    for name in OCCURRENCES:
        faults.need(name not in order, f"{at}.{name}", "occurrence must be a Timing", "structure")


def _document(document: Json, at: str, index: Index, version: Version, faults: Faults) -> None:
    faults.need(document.get("status"), f"{at}.status", "is required", "required")
    faults.need(r4.codings(document.get("type")), f"{at}.type", "a coded type", "required")
    faults.need(document.get("category"), f"{at}.category", "is required", "required")
    attachments = [mapping(one.get("attachment")) for one in objects(document.get("content"))]
    inline = version.documented
    faults.need(
        attachments
        and all(one.get("data") or (not inline and one.get("url")) for one in attachments),
        f"{at}.content",
        "attachment.data is required",
        "required",
    )
    faults.need(
        not inline or not any("url" in one for one in attachments),
        f"{at}.content",
        "attachment.url is not allowed",
    )


def _answers(response: Json, at: str, index: Index, version: Version, faults: Faults) -> None:
    faults.need(
        response.get("status") in ("completed", "amended"),
        f"{at}.status",
        "only finished answers are taken",
        "value",
    )
    faults.need(response.get("questionnaire"), f"{at}.questionnaire", "is required", "required")


CHECKS = {
    "Patient": _patient,
    "Coverage": _coverage,
    "PractitionerRole": _role,
    "Practitioner": _practitioner,
    "ServiceRequest": _request,
    "DocumentReference": _document,
    "QuestionnaireResponse": _answers,
}
