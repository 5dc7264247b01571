"""Check the shape of what we author with ``fhir.resources``; the dict itself is what is sent.

R4B equals R4 in structure for every type used here.
"""

from __future__ import annotations

from collections.abc import Iterator

from fhir.resources.R4B import get_fhir_model_class
from pydantic import ValidationError

from smart_app.cases.model import Resource


def shape(resource: Resource) -> Iterator[str]:
    """Yield what is wrong with a resource's structure, as ``path: message`` without values."""
    try:
        model = get_fhir_model_class(resource["resourceType"])
        model.model_validate(resource)
    except ValidationError as cause:
        for error in cause.errors(include_input=False, include_url=False):
            where = ".".join(str(step) for step in error["loc"])
            yield f"{resource['resourceType']}.{where}: {error['type']}"
    except KeyError:
        yield f"{resource.get('resourceType')}: not a known resource type"
