"""HL7's own examples of answers are read: nothing that a payer may send is a fault."""

from __future__ import annotations

import json
import tarfile
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from smart_app.cases.model import Decision
from smart_app.pas import decision, echo, inquiry
from tests.unit.kit import READ_AT
from tests.unit.pas.requests import IDENTIFIER, MEMBER, the_case

GUIDES = Path(__file__).resolve().parents[1] / "oracle/guides"
SENT = echo.Sent("urn:trnorg:1999999042", IDENTIFIER, "urn:uuid:claim-1", MEMBER)


@cache
def examples() -> dict[str, dict[str, Any]]:
    """Return the ClaimResponses of the guides, alone and in their Bundles, by name."""
    found = {}
    for version in ("2.0.1", "2.2.1"):
        with tarfile.open(GUIDES / f"hl7.fhir.us.davinci-pas-{version}.tgz") as guide:
            for member in guide:
                name = member.name.rpartition("/")[2]
                if "/example/" in member.name and "Response" in name:
                    body = json.load(guide.extractfile(member))  # type: ignore[arg-type]
                    if "ClaimResponse" in json.dumps(body):
                        found[f"{version}-{name}"] = body
    return found


@pytest.mark.req("pas-2.2.1@conf-7", "pas-2.2.1@conf-8", "pas-2.2.1@conf-14")
@pytest.mark.req("pas-2.0.1@39", "pas-2.0.1@40", "pas-2.0.1@41", "pas-2.0.1@214")
@pytest.mark.parametrize("name", examples())
def test_an_example_of_the_guide_is_read_and_is_not_ours(name: str) -> None:
    body = examples()[name]
    read = decision.read(the_case(), body, SENT, dismissed_text="dismissed", now=READ_AT)
    assert isinstance(read, Decision)
    assert not [one for one in read.items if one.number]
    assert inquiry.ours(the_case(), body, SENT, READ_AT).state != "found"


def test_there_are_examples_of_both_versions() -> None:
    kinds = {name.partition("-")[0] for name in examples()}
    assert kinds == {"2.0.1", "2.2.1"}
    assert len(examples()) > 10
