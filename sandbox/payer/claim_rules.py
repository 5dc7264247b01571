"""What a PAS Claim owes, element by element.

https://hl7.org/fhir/us/davinci-pas/2.2.1/en/StructureDefinition-profile-claim.html
"""

from __future__ import annotations

import re
from typing import Any

from sandbox.payer import r4
from sandbox.payer.bundle_rules import DATE, INSTANT, Index
from sandbox.payer.outcome import Faults
from sandbox.payer.r4 import PAS, X12, Json, mapping, objects
from sandbox.payer.versions import Version

CLAIM_TYPE = "http://terminology.hl7.org/CodeSystem/claim-type"
CLAIM_TYPES = ("institutional", "professional", "oral")
TEMP = "http://hl7.org/fhir/us/davinci-pas/CodeSystem/PASTempCodes"
ICD10CM_FORM = re.compile(r"[A-Z][0-9][0-9A-Z](\.[0-9A-Z]{1,4})?")
FIXED = (("status", "active"), ("use", "preauthorization"))
REFERENCES = (
    ("patient", ("Patient",)),
    ("insurer", ("Organization",)),
    ("provider", ("Organization", "PractitionerRole")),
)
INFORMATION = (
    "DocumentReference", "QuestionnaireResponse", "AllergyIntolerance", "Condition",
    "DiagnosticReport", "Immunization", "MedicationRequest", "Procedure", "ServiceRequest",
    "Observation", "NutritionOrder", "DeviceRequest", "Bundle",
)  # fmt: skip
REQUESTS = ("MedicationRequest", "ServiceRequest", "DeviceRequest", "NutritionOrder")


def target(index: Index, reference: Any) -> Json:
    """Return the entry's resource that a Reference names, or an empty object."""
    return index.get(str(mapping(reference).get("reference")), ("", {}))[1]


def points_at(
    index: Index, reference: Any, kinds: tuple[str, ...], at: str, faults: Faults
) -> None:
    """Note a fault unless the Reference names an entry of one of the types."""
    kind = target(index, reference).get("resourceType")
    faults.need(kind in kinds, at, f"must refer to {' or '.join(kinds)}", "required")


def head(claim: Json, at: str, index: Index, version: Version, faults: Faults) -> None:
    """Check what both a request and an inquiry carry above the items."""
    identifiers = objects(claim.get("identifier"))
    faults.need(
        1 <= len(identifiers) <= version.identifiers,
        f"{at}.identifier",
        f"one to {version.identifiers} identifiers",
        "required",
    )
    for one in identifiers:
        faults.need(
            one.get("system") and one.get("value"),
            f"{at}.identifier",
            "an identifier needs system and value",
            "required",
        )
    for name, fixed in FIXED:
        faults.need(claim.get(name) == fixed, f"{at}.{name}", f"must be {fixed}", "value")
    kind = r4.code_in(claim.get("type"), CLAIM_TYPE)
    faults.need(
        kind in CLAIM_TYPES or (not version.coded_types and r4.codings(claim.get("type"))),
        f"{at}.type",
        "must be institutional, professional or oral",
        "code-invalid",
    )
    faults.need(
        INSTANT.fullmatch(str(claim.get("created"))),
        f"{at}.created",
        "created must be a dateTime with seconds and zone",
        "value",
    )
    faults.need(r4.codings(claim.get("priority")), f"{at}.priority", "is required", "required")
    for name, kinds in REFERENCES:
        points_at(index, claim.get(name), kinds, f"{at}.{name}", faults)
    _insurance(claim, at, index, faults)


def _insurance(claim: Json, at: str, index: Index, faults: Faults) -> None:
    insurances = objects(claim.get("insurance"))
    faults.need(insurances, f"{at}.insurance", "is required", "required")
    for number, one in enumerate(insurances):
        here = f"{at}.insurance[{number}]"
        faults.need(one.get("sequence"), f"{here}.sequence", "is required", "required")
        faults.need(one.get("focal") is True, f"{here}.focal", "must be true", "value")
        points_at(index, one.get("coverage"), ("Coverage",), f"{here}.coverage", faults)


def check(claim: Json, at: str, index: Index, version: Version, faults: Faults) -> None:
    """Note the faults of a request's Claim."""
    head(claim, at, index, version, faults)
    for extension in r4.extensions(claim, PAS + "extension-levelOfServiceCode"):
        faults.need(
            r4.code_in(r4.value_of(extension), X12 + "1338"),
            f"{at}.extension",
            "levelOfServiceCode needs a code of X12 1338",
            "code-invalid",
        )
    team = _care_team(claim, at, index, faults)
    information = _supporting(claim, at, index, version, faults)
    diagnoses = _diagnoses(claim, at, faults)
    items = objects(claim.get("item"))
    faults.need(items, f"{at}.item", "at least one item is required", "required")
    _sequences(items, f"{at}.item", faults)
    known = {
        "careTeamSequence": team,
        "informationSequence": information,
        "diagnosisSequence": diagnoses,
    }
    for number, item in enumerate(items):
        here = f"{at}.item[{number}]"
        _item(item, here, index, known, faults)
        _kinds(item, here, version, faults, update="related" in claim)
        _coded(item, here, version, faults)


def _sequences(rows: list[Json], at: str, faults: Faults) -> set[int]:
    found = [row.get("sequence") for row in rows]
    whole = all(isinstance(one, int) and one > 0 for one in found)
    faults.need(whole, at, "every row needs a positive sequence", "required")
    faults.need(
        len(set(map(str, found))) == len(found), at, "a sequence is used twice", "duplicate"
    )
    return {one for one in found if isinstance(one, int)}


def _care_team(claim: Json, at: str, index: Index, faults: Faults) -> set[int]:
    team = objects(claim.get("careTeam"))
    for number, member in enumerate(team):
        here = f"{at}.careTeam[{number}]"
        scope = r4.extension_value(member, PAS + "extension-careTeamClaimScope")
        faults.need(
            isinstance(scope, bool),
            f"{here}.extension",
            "careTeamClaimScope is required",
            "required",
        )
        points_at(
            index,
            member.get("provider"),
            ("Organization", "PractitionerRole"),
            f"{here}.provider",
            faults,
        )
    roles = [target(index, member.get("provider")) for member in team]
    faults.need(
        any(one.get("resourceType") == "PractitionerRole" for one in roles),
        f"{at}.careTeam",
        "the practitioner who performs or orders the service is required (WISeR guide, Table 1)",
        "required",
    )
    return _sequences(team, f"{at}.careTeam", faults)


def _supporting(claim: Json, at: str, index: Index, version: Version, faults: Faults) -> set[int]:
    rows = objects(claim.get("supportingInfo"))
    clinical = 0
    for number, row in enumerate(rows):
        here = f"{at}.supportingInfo[{number}]"
        category = r4.code_in(row.get("category"), TEMP)
        faults.need(r4.codings(row.get("category")), f"{here}.category", "is required", "required")
        if category == "additionalInformation":
            _information(row, here, index, version, faults)
            kind = target(index, row.get("valueReference")).get("resourceType")
            clinical += kind in ("QuestionnaireResponse", "DocumentReference")
        elif category == "freeFormMessage":
            faults.need(row.get("valueString"), f"{here}.value", "needs a string", "required")
        elif category == "patientEvent":
            _event(row, here, faults)
    faults.need(
        clinical,
        f"{at}.supportingInfo",
        "at least one QuestionnaireResponse or DocumentReference is required",
        "required",
    )
    return _sequences(rows, f"{at}.supportingInfo", faults)


def _information(row: Json, at: str, index: Index, version: Version, faults: Faults) -> None:
    timed = any(key.startswith("timing") for key in row)
    faults.need(not timed, f"{at}.timing", "timing is not allowed here")
    if not version.documented:
        there = target(index, row.get("valueReference"))
        faults.need(there, f"{at}.value", "must refer to an entry", "required")
        return
    information = r4.extensions(row, PAS + "extension-documentInformation")
    reports = [r4.extension_value(one, "reportTypeCode") for one in information]
    faults.need(
        len(information) == 1 and all(r4.code_in(one, X12 + "755") for one in reports),
        f"{at}.extension",
        "documentInformation with a reportTypeCode of X12 755 is required",
        "required",
    )
    points_at(index, row.get("valueReference"), INFORMATION, f"{at}.value", faults)


def _event(row: Json, at: str, faults: Faults) -> None:
    period = mapping(row.get("timingPeriod"))
    dates = [row["timingDate"]] if "timingDate" in row else list(period.values())
    faults.need(dates, f"{at}.timing", "a date or period is required", "required")
    for one in dates:
        faults.need(DATE.match(str(one)), f"{at}.timing", "must be a full date", "value")


def _diagnoses(claim: Json, at: str, faults: Faults) -> set[int]:
    rows = objects(claim.get("diagnosis"))
    faults.need(rows, f"{at}.diagnosis", "at least one diagnosis is required", "required")
    faults.need(len(rows) <= 12, f"{at}.diagnosis", "no more than 12 diagnoses", "too-long")
    for number, row in enumerate(rows):
        code = r4.code_in(row.get("diagnosisCodeableConcept"), r4.ICD10CM)
        faults.need(
            code and ICD10CM_FORM.fullmatch(code),
            f"{at}.diagnosis[{number}].diagnosis",
            f"an ICD-10-CM code of system {r4.ICD10CM} is required",
            "code-invalid",
        )
        for kind in objects(row.get("type")):
            faults.need(
                r4.code_in(kind, TEMP),
                f"{at}.diagnosis[{number}].type",
                f"a code of {TEMP} is required",
                "code-invalid",
            )
    return _sequences(rows, f"{at}.diagnosis", faults)


def _item(item: Json, at: str, index: Index, known: dict[str, set[int]], faults: Faults) -> None:
    trace = r4.extension_value(item, PAS + "extension-itemTraceNumber")
    faults.need(
        mapping(trace).get("system") and mapping(trace).get("value"),
        f"{at}.extension",
        "itemTraceNumber with system and value is required",
        "required",
    )
    requested = r4.extension_value(item, PAS + "extension-requestedService")
    if requested is not None:
        points_at(index, requested, REQUESTS, f"{at}.extension", faults)
    for name, sequences in known.items():
        for one in item.get(name) or []:
            faults.need(one in sequences, f"{at}.{name}", f"no row has sequence {one}", "not-found")
    faults.need(item.get("diagnosisSequence"), f"{at}.diagnosisSequence", "is required", "required")


def _kinds(item: Json, at: str, version: Version, faults: Faults, *, update: bool) -> None:
    """Check request and certification type: 1 is never taken, 3 only to cancel."""
    needed = version.items_in_full
    _x12(item, "extension-serviceItemRequestType", "1525", at, faults, needed=needed)
    kind = _x12(item, "extension-certificationType", "1322", at, faults, needed=needed)
    faults.need(
        kind not in (("1",) if update else ("1", "3")),
        f"{at}.extension",
        "certificationType 1 is not taken, and 3 only in an update",
        "not-supported",
    )


def _x12(
    item: Json, name: str, element: str, at: str, faults: Faults, *, needed: bool
) -> str | None:
    found = r4.extensions(item, PAS + name)
    if not found and not needed:
        return None
    code = r4.code_in(r4.value_of(found[0]), X12 + element) if found else None
    faults.need(
        len(found) == 1 and code,
        f"{at}.extension",
        f"{name} with one code of X12 {element} is required",
        "required",
    )
    return code


def _coded(item: Json, at: str, version: Version, faults: Faults) -> None:
    faults.need(
        r4.code_in(item.get("category"), X12 + "1365"),
        f"{at}.category",
        "a service type of X12 1365 is required",
        "required",
    )
    faults.need(
        r4.code_in(item.get("productOrService"), r4.CPT, r4.HCPCS),
        f"{at}.productOrService",
        f"a code of {r4.CPT} or {r4.HCPCS} is required",
        "code-invalid",
    )
    faults.need(
        r4.code_in(item.get("locationCodeableConcept"), r4.POS, r4.TOB)
        or (not version.items_in_full and "locationCodeableConcept" not in item),
        f"{at}.location",
        "a place of service (CMS) or type of bill (NUBC) is required",
        "required",
    )
    for modifier in objects(item.get("modifier")):
        faults.need(
            r4.code_in(modifier, r4.CPT, r4.HCPCS),
            f"{at}.modifier",
            f"a code of {r4.CPT} or {r4.HCPCS} is required",
            "code-invalid",
        )
    _amounts(item, at, faults)


def _amounts(item: Json, at: str, faults: Faults) -> None:
    quantity = item.get("quantity")
    if quantity is not None:
        value, unit = mapping(quantity).get("value"), mapping(quantity)
        faults.need(
            isinstance(value, int | float) and value > 0 and (unit.get("unit") or unit.get("code")),
            f"{at}.quantity",
            "a quantity needs a value above 0 and a unit",
            "value",
        )
    if "servicedDate" in item:
        faults.need(
            DATE.fullmatch(str(item["servicedDate"])),
            f"{at}.serviced",
            "must be a full date",
            "value",
        )
