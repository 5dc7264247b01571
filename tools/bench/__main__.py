"""Measure, print, and say which budgets are missed; the exit status is that of the measuring."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from argparse import Namespace
from pathlib import Path

from sandbox.golden import Golden
from sandbox.stack import Stack
from smart_app.config import IDLE_SECONDS, load_app
from smart_app.world import build
from tools import postgresql
from tools.bench import inside, outside, pended, static
from tools.bench.rows import Row, baseline

ASKED = Namespace(service="62323", state="AZ", decision="affirmed", late_utn=False, json=True)


def measured(folder: Path) -> list[Row]:
    """Return every row."""
    rows = [static.scripts(), static.install()]
    with Stack(folder) as stack:
        rows.append(outside.launch(stack))
        playing = Golden(stack, ASKED)
        for step in (playing.open, playing.ready, playing.settle):
            step()
        rows.append(outside.render(playing.page, playing.browser))
        playing.sign()
        case_id = playing.page.url.rsplit("/", 1)[1]
        rows.append(outside.taps(stack))
        world = build(load_app(folder / "app.toml"), engines=0)
        rows += inside.request(world, case_id)
    with Stack(folder / "told", worker_idle_seconds=IDLE_SECONDS) as stack:
        rows.append(outside.told(stack))
    rows += inside.forms(world.config.programs) + outside.golden()
    rows += pended.measured(folder / "sqlite")
    if why := postgresql.missing():
        print(f"not measured with PostgreSQL: {why}", file=sys.stderr)
        return rows
    with postgresql.Server() as server:
        return rows + pended.measured(folder / "postgresql", server.create())


def main() -> int:
    """Print the table, or one object with ``--json``."""
    parser = argparse.ArgumentParser(prog="./run bench", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one object instead of a table")
    asked = parser.parse_args()
    steady = baseline()
    with tempfile.TemporaryDirectory(prefix="preclear-bench-") as folder:
        rows = measured(Path(folder))
    missed = [one.name for one in rows if not one.met]
    if asked.json:
        table = [one.plain(steady) for one in rows]
        print(json.dumps({"baseline_ms": steady, "rows": table, "missed": missed}))
        return 0
    print(f"{'what':<38}{'figure':>12}{'budget':>12}{'ratio':>8}")
    for one in rows:
        figure, budget = f"{one.value:g} {one.unit}", f"{one.budget:g} {one.unit}"
        print(f"{one.name:<38}{figure:>12}{budget:>12}{one.ratio:>8}   {one.note}")
    print(f"missed: {', '.join(missed) or 'none'} (baseline {steady} ms)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
