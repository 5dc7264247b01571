"""Print the element cardinalities of the PAS profiles, as ``smart_app/pas/lint.py`` reads them.

``python -m tools.pas_profiles`` rewrites ``smart_app/pas/profiles-*.json`` from the guide packages
(CC0-1.0) in ``tests/oracle/guides``. No package of 2.1.0 is there: its table is our own, the one
of 2.2.1 less what 2.2 made narrower.
https://hl7.org/fhir/us/davinci-pas/2.2.1/en/change_log.html
"""

from __future__ import annotations

import json
import tarfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
GUIDE = "tests/oracle/guides/hl7.fhir.us.davinci-pas-{}.tgz"
BEGIN = "package/StructureDefinition-"
PROFILES = (
    "profile-beneficiary",
    "profile-claim",
    "profile-claim-inquiry",
    "profile-claim-update",
    "profile-coverage",
    "profile-devicerequest",
    "profile-documentreference",
    "profile-encounter",
    "profile-insurer",
    "profile-medicationrequest",
    "profile-organization",
    "profile-pas-inquiry-request-bundle",
    "profile-pas-request-bundle",
    "profile-practitioner",
    "profile-practitionerrole",
    "profile-requestor",
    "profile-servicerequest",
    "profile-task",
)
Row = tuple[str, int, str]
Table = dict[str, list[Row]]
NEW_IN_2_2 = {("profile-coverage", one) for one in ("identifier", "payor", "relationship")}
"""What 2.2 made narrower: PASCoverage follows US Core, and bears the member number."""


def _extension(element: dict[str, Any]) -> str:
    """Return the URL of the extension that a slice holds."""
    return str(element["type"][0]["profile"][0]).partition("|")[0]


def _row(element: dict[str, Any]) -> Row | None:
    """Return path, least and most of an element that says more than its datatype does.

    Slices are told by their URL where they hold an extension, and left out elsewhere.
    """
    path = element["id"].partition(".")[2]
    holder, _, last = path.rpartition(".")
    least, most = element["min"], element["max"]
    if not path or ":" in holder or (not least and most in ("*", element["base"]["max"])):
        return None
    if ":" in last:
        if not last.startswith("extension:") or not least:
            return None
        path = ".".join(filter(None, (holder, f"extension:{_extension(element)}")))
    return path, least, most


def table(version: str) -> Table:
    """Return the cardinalities by profile of a version's package."""
    found: Table = {}
    with tarfile.open(ROOT / GUIDE.format(version)) as guide:
        for name in PROFILES:
            try:
                member = guide.extractfile(f"{BEGIN}{name}.json")
            except KeyError:
                continue  # a profile that this version does not know
            if member is not None:
                snapshot = json.load(member)["snapshot"]["element"]
                found[name] = [row for one in snapshot if (row := _row(one))]
    return found


def own() -> Table:
    """Return our own table of 2.1.0."""
    later = table("2.2.1")
    del later["profile-documentreference"]
    return {
        name: [row for row in rows if (name, row[0]) not in NEW_IN_2_2]
        for name, rows in later.items()
    }


def tables() -> dict[str, Table]:
    """Return the tables of all versions."""
    return {"2.0.1": table("2.0.1"), "2.1.0": own(), "2.2.1": table("2.2.1")}


def written(made: Table) -> str:
    """Return a table as it stands in its file: one element a line."""
    profiles = [
        f"{json.dumps(name)}: [\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]"
        for name, rows in made.items()
    ]
    return "{\n" + ",\n".join(profiles) + "\n}\n"


def path(version: str) -> Path:
    """Return the file of a version's table."""
    return ROOT / f"smart_app/pas/profiles-{version}.json"


if __name__ == "__main__":
    for version, made in tables().items():
        path(version).write_text(written(made))
