"""Whether what a chart gave has the shape of FHIR, as far as it is looked into.

https://hl7.org/fhir/R4/json.html
"""

from __future__ import annotations

from typing import Any

from smart_app.cases.model import Resource

EXTENSIONS: Any = [{}]
CONCEPT: Any = {"coding": [{"extension": EXTENSIONS}], "extension": EXTENSIONS}
SHAPES: dict[str, Any] = {
    "ServiceRequest": {
        "status": (str,),
        "doNotPerform": (bool,),
        "code": CONCEPT,
        **{key: [CONCEPT] for key in ("bodySite", "orderDetail", "reasonCode")},
        **{key: [{}] for key in ("reasonReference", "locationReference", "note")},
        **{key: {} for key in ("requester", "requisition", "occurrencePeriod")},
        "quantityQuantity": {"value": (int, float)},
        "extension": EXTENSIONS,
    },
    "Appointment": {"status": (str,), "basedOn": [{}], "participant": [{"actor": {}}]},
    "DocumentReference": {"type": CONCEPT, "author": [{}], "content": [{"attachment": {}}]},
}
"""By type: an object of members, a list of one kind, or the types of a value."""


def readable(resource: Resource) -> bool:
    """Tell whether a resource holds objects, lists and values where FHIR has them."""
    return _fits(resource, SHAPES.get(resource["resourceType"], {}))


def _fits(value: Any, shape: Any) -> bool:
    if isinstance(shape, list):
        return isinstance(value, list) and all(_fits(one, shape[0]) for one in value)
    if isinstance(shape, dict):
        return isinstance(value, dict) and all(
            value.get(key) is None or _fits(value[key], inner) for key, inner in shape.items()
        )
    return type(value) in shape
