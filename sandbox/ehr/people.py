"""The people of the sandbox: authored charts whose dates are relative to today.

``{{D-5}}`` is the day five days ago, ``{{D-5T09:30}}`` a time on it, ``{{text D-5}}`` the day in
words; ``python -m sandbox.ehr.people --out DIR`` writes each resource to a file.
"""

from __future__ import annotations

import argparse
import base64
import json
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from sandbox import zones

FOLDER = Path(__file__).resolve().parent.parent / "people"
_TOKEN = re.compile(r"\{\{(text )?D([+-]\d+)?(?:T(\d\d:\d\d))?\}\}")


def human_name(resource: dict[str, Any]) -> str:
    """Return a person's name as people say it."""
    name = (resource.get("name") or [{}])[0]
    return " ".join([*name.get("prefix", []), *name.get("given", []), name.get("family", "")])


def _dated(text: str, today: date) -> str:
    def put(match: re.Match[str]) -> str:
        day = today + timedelta(days=int(match[2] or 0))
        if match[1]:
            return f"{day.day} {day:%b %Y}"
        if match[3]:
            return f"{day.isoformat()}T{match[3]}:00-07:00"
        return day.isoformat()

    return _TOKEN.sub(put, text)


def _filled(value: Any, today: date) -> Any:
    if isinstance(value, str):
        return _dated(value, today)
    if isinstance(value, list):
        return [_filled(one, today) for one in value]
    if isinstance(value, dict):
        made = {key: _filled(one, today) for key, one in value.items()}
        if "dataText" in made:  # authored as text, carried as base64
            made["data"] = base64.b64encode(made.pop("dataText").encode()).decode()
        return made
    return value


def charts(today: date) -> list[dict[str, Any]]:
    """Return every resource of everybody, dated around a day; shared ones first."""
    found: list[dict[str, Any]] = []
    for path in sorted(FOLDER.glob("*.json"), key=lambda one: (one.stem != "shared", one.stem)):
        found += _filled(json.loads(path.read_text()), today)
    return found


def main() -> None:
    """Write the charts to a folder."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", required=True, type=Path)
    parser.add_argument("--today", type=date.fromisoformat)
    arguments = parser.parse_args()
    today = arguments.today or zones.day(datetime.now(UTC), zones.CLINIC)
    arguments.out.mkdir(parents=True, exist_ok=True)
    for resource in charts(today):
        name = f"{resource['resourceType']}-{resource['id']}.json"
        (arguments.out / name).write_text(json.dumps(resource, indent=1))


if __name__ == "__main__":
    main()
