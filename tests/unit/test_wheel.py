"""The wheel carries pages and data, and opens a page from them."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OPEN_A_PAGE = """
from flask import Flask, render_template
from smart_app.errors import NoOrder
from smart_app.paths import resource
from smart_app.programs import base
app = Flask("smart_app", template_folder=str(resource("templates")))
app.static_folder = str(resource("static"))
app.add_url_rule("/static/<path:filename>", "static")
with app.test_request_context():
    page = render_template("error.html", error=NoOrder(), reference="r")
assert "There is no order here" in page
assert "_web" in str(resource("templates"))
assert base.load(resource("static").parents[1] / "programs/wiser").words("62323")
"""


def test_a_page_opens_from_the_wheel(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    [wheel] = tmp_path.glob("*.whl")
    unpacked = tmp_path / "unpacked"
    with zipfile.ZipFile(wheel) as packed:
        names = packed.namelist()
        packed.extractall(unpacked)
    for wanted in (
        "smart_app/_web/templates/base.html",
        "smart_app/_web/static/app.css",
        "smart_app/programs/wiser/forms/esi.package.json",
        "smart_app/dtr/engine/engine.bundle.js",
        "launch/routes.py",
    ):
        assert wanted in names
    assert not [name for name in names if name.startswith(("sandbox/", "tests/"))]
    environment = os.environ | {"PYTHONPATH": str(unpacked)}
    subprocess.run([sys.executable, "-c", OPEN_A_PAGE], env=environment, cwd=tmp_path, check=True)
