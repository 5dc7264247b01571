"""A site's file is refused when it says what could not be billed."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from joserfc.jwk import ECKey

import smart_app
from launch.scopes import allows
from smart_app.cases.model import DOCUMENT, ORDER
from smart_app.chart.snapshot import SEARCHES
from smart_app.errors import ConfigError
from smart_app.programs import base
from smart_app.sites import Sites, load_site

ROOT = Path(smart_app.__file__).resolve().parents[1]
WISER = base.load(ROOT / "smart_app/programs/wiser")
SHIPPED = (ROOT / "launch/registrations/sandbox.toml").read_text()
HOSPITAL = ('tob = "131"\n', 'ccn = "039999"\n')


def a_file(folder: Path, text: str) -> Path:
    path = folder / "clinic.toml"
    path.write_text(text.replace("{ehr}", "https://ehr.example"))
    return path


def test_the_shipped_site_is_taken(tmp_path: Path) -> None:
    site = load_site(a_file(tmp_path, SHIPPED), WISER.ccn_pos)
    place = site.facility("mockingbird-hopd")
    assert place and (place.pos, place.tob, place.ccn) == ("22", "131", "039999")


@pytest.mark.parametrize("pos", ["19", "22"])
@pytest.mark.parametrize("line", HOSPITAL)
def test_an_outpatient_department_needs_type_of_bill_and_ccn(
    tmp_path: Path, line: str, pos: str
) -> None:
    assert line in SHIPPED
    text = SHIPPED.replace(line, "").replace('pos = "22"', f'pos = "{pos}"')
    with pytest.raises(ConfigError) as refused:
        load_site(a_file(tmp_path, text), WISER.ccn_pos)
    key = line.split(" ")[0]
    told = refused.value.detail
    for word in ("clinic.toml", "mockingbird-hopd", f"{key} is missing", pos, "ccn_pos"):
        assert word in told


def test_an_office_needs_neither(tmp_path: Path) -> None:
    text = SHIPPED.replace('pos = "22"', 'pos = "11"')
    for line in HOSPITAL:
        text = text.replace(line, "")
    place = load_site(a_file(tmp_path, text), WISER.ccn_pos).facility("mockingbird-hopd")
    assert place and place.tob is None


def test_a_folder_is_read_by_the_programs_rule(tmp_path: Path) -> None:
    a_file(tmp_path, SHIPPED.replace(HOSPITAL[0], ""))
    with pytest.raises(ConfigError):
        Sites.of_folder(tmp_path, production=False, hospital_pos=WISER.ccn_pos)


REGISTRATIONS = ROOT / "launch/registrations"
TEMPLATES = sorted((REGISTRATIONS / "templates").glob("*.toml"))


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda one: one.stem)
def test_a_template_is_whole_and_fit_for_production(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = ECKey.generate_key("P-384", {"kid": "k1"}).as_dict(private=True)
    for name in ("EPIC_KEY", "ORACLE_KEY", "ATHENA_SECRET"):
        monkeypatch.setenv(f"PRECLEAR_{name}", json.dumps(key))
    with pytest.raises(ConfigError, match="it still says CHANGE") as refused:
        load_site(path, WISER.ccn_pos)
    lines = path.read_text().splitlines()
    open_lines = {
        f"{path.name}:{number}"
        for number, line in enumerate(lines, start=1)
        if "CHANGE" in line and not line.startswith("#")
    }
    assert {one.partition(": ")[0] for one in str(refused.value).splitlines()} == open_lines
    filled = tmp_path / path.name
    filled.write_text(path.read_text().replace("CHANGE", "mine"))
    site = load_site(filled, WISER.ccn_pos, production=True)
    asked = site.registration.scopes
    for rung, scope in ((DOCUMENT, "DocumentReference"), (ORDER, "ServiceRequest")):
        assert allows(asked, scope, rung[len(scope) + 1]) is (rung in site.write_ladder)
    assert all(allows(asked, kind, "s") for kind in SEARCHES)
    assert ("offline_access" in asked) or site.late_write == "next_launch"


PLACEHOLDERS = [
    (path, number)
    for path in TEMPLATES
    for number, line in enumerate(path.read_text().splitlines())
    if "CHANGE" in line.partition("#")[0]
]


@pytest.mark.parametrize(
    ("path", "number"), PLACEHOLDERS, ids=[f"{path.stem}-{n + 1}" for path, n in PLACEHOLDERS]
)
def test_each_place_that_a_template_leaves_open_must_be_filled(
    path: Path, number: int, tmp_path: Path
) -> None:
    lines = path.read_text().splitlines()
    filled = [one.replace("CHANGE", "mine") for one in lines]
    filled[number] = lines[number]
    left = tmp_path / path.name
    left.write_text("\n".join(filled))
    with pytest.raises(ConfigError, match="it still says CHANGE"):
        load_site(left, WISER.ccn_pos)


def test_a_name_or_an_address_may_hold_the_word_that_templates_use(tmp_path: Path) -> None:
    text = re.sub(r'(?m)^name = ".*?"', 'name = "CHANGE HEALTHCARE"', SHIPPED)
    text = re.sub(r'line = \[".*?"\]', 'line = ["12 EXCHANGE PLACE"]', text)
    site = load_site(a_file(tmp_path, text), WISER.ccn_pos)
    assert site.clinic.name == "CHANGE HEALTHCARE"
    assert site.clinic.address["line"] == ["12 EXCHANGE PLACE"]


def test_the_launchers_registration_is_a_stand_in(tmp_path: Path) -> None:
    path = REGISTRATIONS / "smart-launcher.toml"
    assert load_site(path, WISER.ccn_pos).stand_in
    with pytest.raises(ConfigError, match="stand-in"):
        load_site(path, WISER.ccn_pos, production=True)


@pytest.mark.parametrize(
    ("remark", "refused"),
    [
        ("# CHANGED by ops", False),
        ("# no CHANGE since 2025", False),
        ("# CHANGE", True),
        ("#CHANGE, the clinic's", True),
        ("# the clinic's # CHANGE", True),
        ("# 1 # 2 #CHANGE", True),
    ],
)
@pytest.mark.parametrize(
    "value",
    [
        '"EXCHANGE CLINIC # CHANGE"',
        r'"The \" clinic # CHANGE"',
        r'"A back\\"',
        r"'A back\'",
        '"""The " clinic # CHANGE"""',
        "'''The clinic's # CHANGE'''",
    ],
)
def test_only_a_remark_to_change_it_refuses_a_value(
    tmp_path: Path, value: str, remark: str, refused: bool
) -> None:
    line = f"name = {value}  {remark}"
    text = re.sub(r'(?m)^name = ".*?"$', lambda _: line, SHIPPED, count=1)
    path = a_file(tmp_path, text)
    if not refused:
        load_site(path, WISER.ccn_pos)
        return
    with pytest.raises(ConfigError, match="is the template's example"):
        load_site(path, WISER.ccn_pos)
