"""The linter, the type checker, and the bundle's lock."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

from tests.conftest import require

ROOT = Path(__file__).resolve().parents[2]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run one of the environment's own tools."""
    return subprocess.run(
        [sys.executable, "-m", *arguments], cwd=ROOT, capture_output=True, text=True
    )


def test_ruff_finds_nothing() -> None:
    done = run("ruff", "check", ".")
    assert done.returncode == 0, done.stdout


def test_ruff_would_format_nothing() -> None:
    done = run("ruff", "format", "--check", ".")
    assert done.returncode == 0, done.stdout


def test_types_are_strict() -> None:
    done = run("mypy")
    assert done.returncode == 0, done.stdout


def locked() -> dict[str, str]:
    """Return the SHA-256 of every source and artefact of the bundle."""
    found: dict[str, str] = json.loads((ROOT / "bundle.lock.json").read_text())
    return found


def test_the_bundle_is_what_its_sources_give() -> None:
    assert len(locked()) > 10
    changed = [
        name
        for name, digest in locked().items()
        if hashlib.sha256((ROOT / name).read_bytes()).hexdigest() != digest
    ]
    assert changed == [], "run ./run bundle"


def test_rebuilding_the_bundle_changes_nothing(tmp_path: Path) -> None:
    reason = None if shutil.which("node") else "rebuilding the form engine needs Node"
    require("node", reason)
    for name in ("tools", "smart_app"):
        shutil.copytree(
            ROOT / name,
            tmp_path / name,
            ignore=shutil.ignore_patterns("node_modules", "__pycache__"),
        )
    subprocess.run([str(tmp_path / "tools/bundle/build.sh")], check=True, capture_output=True)
    rebuilt = json.loads((tmp_path / "bundle.lock.json").read_text())
    assert rebuilt == locked()
