"""Run HL7's validator over a folder of resources."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
COMMON = (
    "hl7.fhir.us.davinci-crd-2.0.1",
    "hl7.fhir.us.davinci-dtr-2.0.1",
    "hl7.fhir.uv.sdc-4.0.0-ballot",
)
GUIDES = {
    "2.0.1": ("hl7.fhir.us.core-3.1.1", "hl7.fhir.us.davinci-pas-2.0.1"),
    "2.2.1": ("hl7.fhir.us.core-7.0.0", "hl7.fhir.us.davinci-pas-2.2.1"),
}
"""What each version of PAS is validated against, beside what is common."""

MENDED = ("extension-infoChanged", "modifierextension-infoCancelled")
"""What the guide wants in ``Claim.supportingInfo`` (2.2.1: spec-69, spec-71) and defines for items
alone. HL7's own test kit passes over that; here the definition is widened, and nothing else."""


def missing() -> str | None:
    """Return why the oracle cannot run here, or None."""
    for tool in ("java", "mvn"):
        if shutil.which(tool) is None:
            return f"HL7's validator needs {tool}, which is not installed"
    return None


def jars() -> Path:
    """Return the folder of the validator's jars, fetching them once."""
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "preclear-oracle"
    if not cache.is_dir():
        part = cache.with_suffix(".part")
        shutil.rmtree(part, ignore_errors=True)
        goal = ["dependency:copy-dependencies", f"-DoutputDirectory={part}"]
        command = ["mvn", "-q", "-B", "-f", str(HERE / "pom.xml"), *goal]
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
        part.rename(cache)
    return cache


def mended(version: str, folder: Path) -> Path:
    """Write the definitions by which a guide contradicts itself, mended; return their folder."""
    with tarfile.open(HERE / f"guides/{GUIDES[version][1]}.tgz") as guide:
        for name in MENDED:
            member = guide.extractfile(f"package/StructureDefinition-{name}.json")
            assert member is not None
            definition = json.load(member)
            wider = {"type": "element", "expression": "Claim.supportingInfo"}
            definition["context"].append(wider)
            (folder / f"{name}.json").write_text(json.dumps(definition))
    return folder


def validate(folder: Path, version: str = "2.2.1") -> tuple[bool, str]:
    """Return whether every file is valid by a version of PAS, and what the validator printed."""
    names = (*GUIDES[version], *COMMON)
    guides = [part for one in names for part in ("--ig", HERE / f"guides/{one}.tgz")]
    java = ["java", "-Xmx4g", "-cp", f"{jars()}/*", HERE / "ProfileValidator.java"]
    with tempfile.TemporaryDirectory() as made:
        # of two definitions of one name the validator takes the first
        first = ["--support", mended(version, Path(made)), "--support", HERE / "support"]
        done = subprocess.run(
            [str(one) for one in (*java, *first, *guides, folder)],
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
        )
    return done.returncode == 0, done.stdout + done.stderr[-2000:]
