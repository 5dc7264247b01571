"""URLs and codes of PAS, spelled once.

https://hl7.org/fhir/us/davinci-pas/2.2.1/artifacts.html
"""

from __future__ import annotations

from typing import Any

PAS = "http://hl7.org/fhir/us/davinci-pas/StructureDefinition/"
TEMP = "http://hl7.org/fhir/us/davinci-pas/CodeSystem/PASTempCodes"
X12 = "https://codesystem.x12.org/005010/"
V2_0203 = "http://terminology.hl7.org/CodeSystem/v2-0203"
CLAIM_TYPE = "http://terminology.hl7.org/CodeSystem/claim-type"
PRIORITY = "http://terminology.hl7.org/CodeSystem/processpriority"
COVERAGE_CLASS = "http://terminology.hl7.org/CodeSystem/coverage-class"
RELATIONSHIP = "http://terminology.hl7.org/CodeSystem/subscriber-relationship"
PTAN = "urn:preclear:ptan"
CCN = "urn:oid:2.16.840.1.113883.4.336"
TRACE = "urn:preclear:item-trace"
TRANSACTION = "urn:preclear:transaction"
CONTROL = "urn:preclear:attachment"
"""Of the control number by which an attachment is told."""
REPLACES = "http://hl7.org/fhir/document-relationship-type"
"""Where ``replaces`` is a code; the codes of related claims do not have it."""
RELATED = "http://terminology.hl7.org/CodeSystem/ex-relatedclaimrelationship"
VISIT = "https://www.nubc.org/CodeSystem/PriorityTypeOfAdmitOrVisit"
ROUTED = PAS + "extension-TransmissionIdentifiers"
INFORMATION = PAS + "extension-documentInformation"
ENCOUNTER = "http://hl7.org/fhir/5.0/StructureDefinition/extension-Claim.encounter"
CHANGED, CANCELLED = PAS + "extension-infoChanged", PAS + "modifierextension-infoCancelled"
CERTIFICATION = PAS + "extension-certificationType"
INQUIRY = "inq-"
"""How the identifier of an inquiry begins: it names no request."""


def concept(system: str, code: str) -> dict[str, Any]:
    """Return a CodeableConcept of one coding."""
    return {"coding": [{"system": system, "code": code}]}


def x12(element: str, code: str) -> dict[str, Any]:
    """Return a CodeableConcept of an X12 data element's code."""
    return concept(X12 + element, code)


def extension(name: str, **value: Any) -> dict[str, Any]:
    """Return a simple PAS extension, such as ``extension("extension-itemTraceNumber", …)``."""
    return {"url": PAS + name, **value}


def profile(name: str) -> dict[str, Any]:
    """Return ``meta`` that claims a PAS profile, or one of another guide by its URL."""
    return {"profile": [name if name.startswith("http") else PAS + name]}


def link(url: str) -> dict[str, str]:
    """Return a Reference to an entry."""
    return {"reference": url}
