"""Small readers of R4 JSON, for what the payer looks at."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]

PAS = "http://hl7.org/fhir/us/davinci-pas/StructureDefinition/"
X12 = "https://codesystem.x12.org/005010/"
NPI = "http://hl7.org/fhir/sid/us-npi"
MBI = "http://hl7.org/fhir/sid/us-mbi"
CPT = "http://www.ama-assn.org/go/cpt"
HCPCS = "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets"
ICD10CM = "http://hl7.org/fhir/sid/icd-10-cm"
POS = "https://www.cms.gov/Medicare/Coding/place-of-service-codes/Place_of_Service_Code_Set"
TOB = "https://www.nubc.org/CodeSystem/TypeOfBill"
V2_0203 = "http://terminology.hl7.org/CodeSystem/v2-0203"


def objects(value: Any) -> list[Json]:
    """Return the objects of a list; anything else yields none."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def mapping(value: Any) -> Json:
    """Return the object, or an empty one."""
    return value if isinstance(value, dict) else {}


def codings(concept: Any) -> list[Json]:
    """Return the codings of a CodeableConcept."""
    return objects(mapping(concept).get("coding"))


def code_in(concept: Any, *systems: str) -> str | None:
    """Return the first code from one of the systems, or None."""
    for coding in codings(concept):
        if coding.get("system") in systems and isinstance(coding.get("code"), str):
            return str(coding["code"])
    return None


def extensions(element: Any, url: str) -> list[Json]:
    """Return the element's extensions of one URL."""
    return [one for one in objects(mapping(element).get("extension")) if one.get("url") == url]


def value_of(extension: Json) -> Any:
    """Return the extension's value[x], or None."""
    return next((value for key, value in extension.items() if key.startswith("value")), None)


def extension_value(element: Any, url: str) -> Any:
    """Return the value of the first extension of one URL, or None."""
    return next((value_of(one) for one in extensions(element, url)), None)


def identifier(resource: Any, system: str) -> str | None:
    """Return the value of the resource's first identifier of one system, or None."""
    for one in objects(mapping(resource).get("identifier")):
        if one.get("system") == system and isinstance(one.get("value"), str):
            return str(one["value"])
    return None


def member_identifiers(coverage: Any) -> list[Json]:
    """Return the identifiers of a Coverage that are typed as member numbers (MB)."""
    return [
        one
        for one in objects(mapping(coverage).get("identifier"))
        if code_in(one.get("type"), V2_0203) == "MB"
    ]


def npi_valid(npi: str) -> bool:
    """Tell whether ten digits carry the check digit of an NPI.

    https://www.cms.gov/Regulations-and-Guidance/Administrative-Simplification/NationalProvIdentStand
    """
    if len(npi) != 10 or not npi.isascii() or not npi.isdigit():
        return False
    total = 0
    for place, digit in enumerate(reversed("80840" + npi)):
        number = int(digit) * (2 if place % 2 else 1)
        total += number - 9 if number > 9 else number
    return total % 10 == 0


def references(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """Yield (FHIRPath, reference) of every literal reference under an element."""
    if isinstance(value, list):
        for number, one in enumerate(value):
            yield from references(one, f"{path}[{number}]")
    elif isinstance(value, dict):
        if isinstance(value.get("reference"), str):
            yield f"{path}.reference", value["reference"]
        for key, one in value.items():
            yield from references(one, f"{path}.{key}")
