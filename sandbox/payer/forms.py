"""The form packages that the payer serves, read from files at every use."""

from __future__ import annotations

import json
from pathlib import Path

from sandbox.payer.r4 import Json, objects


def package(forms_dir: Path | str, service: str) -> Json | None:
    """Return a service's package Bundle (Questionnaire first), or None where there is no file."""
    path = Path(forms_dir) / f"{service}.package.json"
    if not path.is_file():
        return None
    return dict(json.loads(path.read_text(encoding="utf-8")))


def services(forms_dir: Path | str) -> list[str]:
    """Return the services that have a package."""
    folder = Path(forms_dir)
    return sorted(one.name.removesuffix(".package.json") for one in folder.glob("*.package.json"))


def questionnaire(bundle: Json) -> Json:
    """Return the package's Questionnaire."""
    return dict(objects(bundle.get("entry"))[0]["resource"])


def canonical(forms_dir: Path | str, service: str) -> str | None:
    """Return the versioned canonical of a service's form, or None where there is no file."""
    bundle = package(forms_dir, service)
    if bundle is None:
        return None
    form = questionnaire(bundle)
    version = form.get("version")
    return f"{form['url']}|{version}" if version else str(form["url"])
