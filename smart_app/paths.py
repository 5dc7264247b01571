"""Where templates and static files lie: at the top of a checkout, inside the package in a wheel."""

from __future__ import annotations

from pathlib import Path

_HERE = Path(__file__).parent


def resource(name: str) -> Path:
    """Return the folder of that name, packed or not."""
    packed = _HERE / "_web" / name
    return packed if packed.is_dir() else _HERE.parent / name
