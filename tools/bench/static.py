"""What is downloaded and installed: sizes, from the files themselves."""

from __future__ import annotations

import gzip
import re
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from tools.bench.rows import Row

ROOT = Path(__file__).resolve().parents[2]


def scripts() -> Row:
    """Return the size of own JavaScript and htmx, compressed."""
    files = [ROOT / "static/app.js", *(ROOT / "static/vendor").glob("htmx-*.js")]
    size = sum(len(gzip.compress(one.read_bytes(), 9)) for one in files)
    return Row("JavaScript, gzip", round(size / 1000, 1), "kB", 22, "app.js and htmx")


def install() -> Row:
    """Return the size of what production installs: the packages of the app's lock."""
    lock = (ROOT / "requirements/app.lock").read_text()
    total, missing = 0, []
    for name in re.findall(r"^([A-Za-z0-9._-]+)==", lock, re.MULTILINE):
        try:
            files = distribution(name).files or []
        except PackageNotFoundError:
            missing.append(name)
            continue
        places = {Path(str(one.locate())) for one in files if not str(one).endswith(".pyc")}
        total += sum(one.stat().st_size for one in places if one.is_file())
    note = f"not installed here: {', '.join(missing)}" if missing else "packages of app.lock"
    return Row("production install", round(total / 1_000_000, 1), "MB", 150, note)
