"""Code systems, and the spellings in which they are met.

What is matched is normalised; what is sent stays the source's own coding unless a profile binds
one spelling.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

CPT = "http://www.ama-assn.org/go/cpt"
HCPCS = "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets"
ICD10CM = "http://hl7.org/fhir/sid/icd-10-cm"
LOINC = "http://loinc.org"
SNOMED = "http://snomed.info/sct"
NPI = "http://hl7.org/fhir/sid/us-npi"
MBI = "http://hl7.org/fhir/sid/us-mbi"
DECISION = "urn:preclear:decision"  # how a document is known that Preclear filed
NUCC = "http://nucc.org/provider-taxonomy"
SOPT = "https://nahdo.org/sopt"
POS = "https://www.cms.gov/Medicare/Coding/place-of-service-codes/Place_of_Service_Code_Set"
COVERAGE_INFORMATION = (
    "http://hl7.org/fhir/us/davinci-crd/StructureDefinition/ext-coverage-information"
)

_ALIASES = {
    "urn:oid:2.16.840.1.113883.6.12": CPT,
    "https://www.ama-assn.org/go/cpt": CPT,
    "http://www.ama-assn.org/go/cpt/": CPT,
    "https://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets": HCPCS,
    "https://bluebutton.cms.gov/resources/codesystem/hcpcs": HCPCS,
    "urn:oid:2.16.840.1.113883.6.285": HCPCS,
    "urn:oid:2.16.840.1.113883.6.90": ICD10CM,
    "http://hl7.org/fhir/sid/icd-10": ICD10CM,
    "http://terminology.hl7.org/CodeSystem/icd10CM": ICD10CM,
}


def system(uri: Any) -> str:
    """Return the one spelling under which a code system is matched; of what is none, nothing."""
    return _ALIASES.get(uri, uri) if isinstance(uri, str) else ""


def objects(values: Any) -> list[dict[str, Any]]:
    """Return the objects of what a chart gave as a list of them, whatever else stands in it."""
    return [one for one in values if isinstance(one, dict)] if isinstance(values, list) else []


def codings(concept: Any) -> list[dict[str, Any]]:
    """Return the codings of a CodeableConcept, systems normalised, malformed ones dropped."""
    found = concept.get("coding") if isinstance(concept, dict) else None
    return [
        one | {"system": system(one.get("system"))}
        for one in objects(found)
        if isinstance(one.get("code"), str)
    ]


def member(value: Any, key: str) -> Any:
    """Return a member of what may be an object, or None."""
    return value.get(key) if isinstance(value, dict) else None


def only(value: Any, *keys: str) -> dict[str, Any]:
    """Return the members of what may be an object that are wanted and not empty."""
    return {key: found for key in keys if (found := member(value, key))}


def plain(concept: Any) -> dict[str, Any]:
    """Return a CodeableConcept of codings and text alone, without what an EHR added to it."""
    keys = ("system", "version", "code", "display")
    coding = [only(one, *keys) for one in objects(member(concept, "coding"))]
    return ({"coding": coding} if coding else {}) | only(concept, "text")


def code_in(concept: Any, systems: Iterable[str]) -> str | None:
    """Return the first code of one of the systems, or None."""
    wanted = set(systems)
    return next((one["code"] for one in codings(concept) if one["system"] in wanted), None)


def identifier(resource: Any, uri: str) -> str | None:
    """Return the value of a resource's identifier of a system, or None."""
    for one in objects(resource.get("identifier") if isinstance(resource, dict) else None):
        if one.get("system") == uri and one.get("value"):
            return str(one["value"])
    return None


def npi_valid(npi: str) -> bool:
    """Tell whether ten digits pass the NPI check digit (ISO Luhn over ``80840`` + NPI)."""
    if len(npi) != 10 or not npi.isdigit():
        return False
    total = 0
    for place, digit in enumerate(reversed("80840" + npi)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def human_name(resource: Any) -> str:
    """Return a person's name in reading order, or an empty string."""
    names = objects(resource.get("name") if isinstance(resource, dict) else None)
    if not names:
        return ""
    name = next((one for one in names if one.get("use") == "official"), names[0])
    if name.get("text"):
        return str(name["text"])
    parts = [*(name.get("prefix") or []), *(name.get("given") or []), name.get("family")]
    return " ".join(str(part) for part in parts if part)
