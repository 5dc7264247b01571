"""A program's files are refused with file, line and rule; a bad new version leaves the old one."""

from __future__ import annotations

import logging
import os
import shutil
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import smart_app
from smart_app.errors import ConfigError
from smart_app.files import positions
from smart_app.programs import base
from smart_app.programs.holder import Holder
from tests.unit.kit import FakeClock

SHIPPED = Path(smart_app.__file__).parent / "programs/wiser"
FILES = ("rules.toml", "services.toml", "jurisdictions.toml")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SHIPPED, tmp_path / "wiser"))


def change(folder: Path, file: str, old: str, new: str) -> int:
    """Change the first place of a text in a file, and return its line."""
    path = folder / file
    text = path.read_text()
    assert old in text, old
    path.write_text(text.replace(old, new, 1))
    return text[: text.index(old)].count("\n") + 1


def refused(folder: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        base.load(folder)
    return caught.value.detail


SERVICES, RULES, ROUTES = "services.toml", "rules.toml", "jurisdictions.toml"
VNS = 'id = "vns"\nname = "Vagus'
KNEE_CODE = '{ code = "29877", system = "CPT"'
KNEE_END = 'damaged joint cartilage" },'
BROKEN = [
    # file, what is there, what stands there instead, which line after it, what is said
    (SERVICES, KNEE_CODE, f"{KNEE_CODE}, color = 1", 0, "knee-arthroscopy: unknown key 'color'"),
    (SERVICES, VNS, 'id = "vns"\nnam = "Vagus', 1, "service vns: unknown key 'nam'"),
    (SERVICES, 'name = "Vagus nerve', '#name = "Vagus nerve', -2, "vns: key 'name' is missing"),
    (SERVICES, '"29877", system = "CPT"', '"29877"', 0, "key 'system' is missing"),
    (SERVICES, KNEE_CODE, KNEE_CODE.replace("CPT", "ICD"), 0, "system 'ICD' (rule: system is one"),
    (SERVICES, '"29877"', "29877", 0, "code is of another kind (rule: code is text)"),
    (SERVICES, '"29877"', '"2987"', 0, "code '2987' (rule: code is five capital"),
    (SERVICES, "add_on = true", 'add_on = "yes"', 0, "add_on is true or false"),
    (SERVICES, "from = 2026-01-15", "from = 2026-01-15T10:00:00", 0, "from is a date"),
    (SERVICES, "from = 2026-01-15", "from = 2027-01-15\nto = 2027-01-14", 1, "from is after to"),
    (
        SERVICES,
        KNEE_END,
        KNEE_END.replace(" }", ", from = 2026-05-01, to = 2026-04-01 }"),
        0,
        "from",
    ),
    (SERVICES, "from = 2026-04-06, cond", "from = 2026-01-01, cond", 0, "beyond its service"),
    (SERVICES, "from = 2026-01-15", "#", -4, "key 'from' is missing or empty"),
    (SERVICES, 'states = ["AZ", "NJ"', 'states = ["ZZ", "NJ"', 0, "state ZZ has no route"),
    (SERVICES, 'states = ["AZ", "NJ"', 'states = ["NJ", "NJ"', 0, "state NJ stands twice"),
    (SERVICES, '["11", "12", "19"', '["11", "21", "19"', 0, "place 21 is unknown"),
    (SERVICES, '["13X"]', '["131"]', 0, "types_of_bill is two digits and X"),
    (SERVICES, '"G40.011", "G40.019"', '"G40.011", "G40.011"', 0, "diagnosis G40.011 stands twice"),
    (SERVICES, '"G40.011"', '"40.011"', 0, "diagnoses is an ICD-10-CM code"),
    (SERVICES, '["01400", "29880"', '["29877", "29880"', 0, "companion is no code of its own"),
    (
        SERVICES,
        'requires_with = ["64590"]',
        'requires_with = ["64591"]',
        0,
        "code 64591 is unknown",
    ),
    (SERVICES, 'form = "esi"', 'form = "epidural"', 0, "a form has its service's id"),
    (SERVICES, 'form = "esi"', 'form = "esi"\nx = [4]', 1, "service esi: unknown key 'x'"),
    (RULES, 'states = ["AZ"', 'states = [4, "AZ"', 0, "states: states is of another kind"),
    (RULES, 'states = ["AZ"', 'states = [["AZ"], "AZ"', 0, "states: states is of another kind"),
    (SERVICES, 'beside_listed = "ask"', 'beside_listed = "out"', 0, "one of ask, counts"),
    (SERVICES, 'states = ["AZ", "WA"]', 'states = ["AZ", "OH"]', -1, "a state is in the service"),
    (SERVICES, 'codes = ["22585"]', 'codes = ["22554"]', 0, "code 22554 stands twice"),
    (SERVICES, 'codes = ["62323"]', 'codes = ["62329"]', 0, "purpose is of codes of the service"),
    (SERVICES, 'id = "phrenic"', 'id = "vns"', -1, "service vns stands twice"),
    (RULES, '"AZ", "NJ"', '"AZ", "KY", "NJ"', 0, "state KY has no route"),
    (RULES, "to = 2031-12-31", "to = 2025-12-31", 0, "from is after to"),
    (
        RULES,
        "window_days = 120",
        'window_days = "120"',
        0,
        "number: window_days is of another kind",
    ),
    (RULES, "window_days = 120", "window_days = 0", 0, "at least one day"),
    (RULES, "standard_days = 3", "standard_days = true", 0, "a whole number"),
    (RULES, 'pattern = "^[A-Z0-9]', 'pattern = "^[A-Z0-9', 0, "pattern is a regular expression"),
    (RULES, 'quote = "latest"', 'quote = "newest"', 0, "one of latest, original"),
    (RULES, "[patient]", "[patients]", 0, "unknown key 'patients'"),
    (RULES, 'pos = "12"', 'pos = "11"', -1, "site pos 11 stands twice"),
    (RULES, 'managed = "The', 'manage = "The', 0, "unknown key 'manage'"),
    (ROUTES, 'state = "NJ"', 'state = "AZ"', -1, "state AZ stands twice"),
    (ROUTES, 'state = "NJ"', 'state = "KY"', 0, "KY is no state of the program"),
    (ROUTES, 'mac = "JL"', 'mac = "JX"', 0, "route NJ: MAC JX is not described"),
    (ROUTES, 'id = "JH"', 'id = "JL"', -1, "MAC JL stands twice"),
    (ROUTES, 'channels = ["portal", "fax', 'channels = "portal"\nx = ["fax', 1, "unknown key 'x'"),
    (ROUTES, 'telephone = "202', '#telephone = "202', -7, "route AZ: key 'telephone' is missing"),
    (ROUTES, 'telephone = "202', 'telephone = 202  # "', 0, "telephone is of another kind"),
]


@pytest.mark.parametrize(("file", "old", "new", "after", "said"), BROKEN, ids=lambda one: None)
def test_what_does_not_hold_is_named(
    folder: Path, file: str, old: str, new: str, after: int, said: str
) -> None:
    line = change(folder, file, old, new)
    told = refused(folder)
    assert told.startswith(f"{file}:{line + after}: "), told
    assert said in told
    assert "(rule: " in told


def test_a_code_in_two_services_is_named_as_people_would(folder: Path) -> None:
    old = '  { code = "64581", system'
    line = change(
        folder, SERVICES, old, f'  {{ code = "64561", system = "CPT", words = "w" }},\n{old}'
    )
    assert refused(folder) == (
        f"services.toml:{line}: service sns: code 64561 stands twice (rule: one code, one place)"
    )


def test_a_code_may_stand_twice_for_different_days_only(folder: Path) -> None:
    old = 'system = "CPT", words = "knee scope: smoothing or clearing damaged joint cartilage" },'
    second = '\n  { code = "29877", system = "CPT", words = "later", from = 2027-01-01 },'
    line = change(folder, SERVICES, old, old.replace(" }", ", to = 2026-12-31 }") + second)
    service = base.load(folder).service_of("29877")
    assert service and len(service.codes) == 2
    change(folder, SERVICES, "to = 2026-12-31 }", "to = 2027-01-01 }")
    told = refused(folder)
    assert told.startswith(f"services.toml:{line + 1}: service knee-arthroscopy: the dates of code")


def test_a_route_that_is_taken_out_is_missed(folder: Path) -> None:
    text = (folder / ROUTES).read_text()
    start, end = text.index('[[route]]\nstate = "TX"'), text.index('[[route]]\nstate = "WA"')
    (folder / ROUTES).write_text(text[:start] + text[end:])
    assert "state TX has no route" in refused(folder)


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("text", ['a = "', "a = 1\na = 2\n", "= 1", "[x\n"])
def test_what_is_no_toml_is_refused_with_its_line(folder: Path, file: str, text: str) -> None:
    before = (folder / file).read_text()
    (folder / file).write_text(before + text)
    told = refused(folder)
    assert told.startswith(f"{file}:"), told
    assert int(told.split(":")[1]) > before.count("\n")
    assert told.endswith("(rule: valid TOML)")


@pytest.mark.parametrize("file", FILES)
def test_a_file_that_is_not_there_or_no_text_is_refused(folder: Path, file: str) -> None:
    (folder / file).write_bytes(b"\xff\xfe")
    assert refused(folder).startswith(f"{file}:1: cannot be read")
    (folder / file).unlink()
    assert refused(folder).startswith(f"{file}:1: cannot be read")


def test_the_shipped_program_holds_all_that_the_guide_lists() -> None:
    program = base.load(SHIPPED)
    active = [one for one in program.services if one.status == "active"]
    assert (len(active), sum(len(one.codes) for one in active)) == (13, 41)
    assert [one.id for one in program.services if one.status == "delayed"] == ["dbs", "pild"]
    lists = {one.id: len(one.diagnoses) for one in active if one.diagnoses}
    assert lists == {"vns": 14, "sns": 9, "skin-substitutes": 41}
    assert {code.code for one in active for code in one.codes if code.add_on} == {
        "33277", "22512", "22515", "64480", "64484", "15272", "15274", "15276", "15278"
    }  # fmt: skip
    assert {code.code for one in active for code in one.codes if code.system == "HCPCS"} == {
        "C8007", "C8011"
    }  # fmt: skip
    assert [one.id for one in program.participants] == list(program.states)
    assert [one.name for one in program.participants if one.fax is None] == [
        "Innovaccer", "Virtix Health"
    ]  # fmt: skip
    assert all(one.telephone and one.fax and one.mail for one in program.macs)
    partial = next(one for one in program.decisions if one.word == "partially affirmed")
    assert partial.since and partial.since.isoformat() == "2026-04-01"


# the line of an entry -----------------------------------------------------------------------------


def leaves(value: Any, path: positions.Path = ()) -> list[positions.Path]:
    """Return the paths of all values."""
    if isinstance(value, dict):
        return [leaf for key, one in value.items() for leaf in leaves(one, (*path, key))]
    if isinstance(value, list):
        return [leaf for number, one in enumerate(value) for leaf in leaves(one, (*path, number))]
    return [path]


@pytest.mark.parametrize("file", FILES)
def test_every_value_of_the_shipped_files_has_its_line(file: str) -> None:
    text = (SHIPPED / file).read_text()
    found, rows = positions.lines(text), text.splitlines()
    data = tomllib.loads(text)
    for path in leaves(data):
        value: Any = data
        for step in path:
            value = value[step]
        row = rows[found[path] - 1]
        key = next(step for step in reversed(path) if isinstance(step, str))
        assert key in row or str(value) in row, (path, row)


ODD = '''
# [not a table]
a = "# no comment" # but this is one
b.c = """
x = 1
""" # three lines
'q d' = ['[', "]",
  { e = 1, f = [2,
    3] }, # e
]
"g\\u0041" = 1979-05-27 07:32:00
[t . u]
v = \'\'\'
w\'\'\'
[[h]]
i = -1
[[h.j]]
[[h]]
[[h.j]]
k = { l.m = true }
'''


def test_lines_of_odd_toml() -> None:
    found = positions.lines(ODD)
    wanted = {
        ("a",): 3,
        ("b", "c"): 4,
        ("q d",): 7,
        ("q d", 1): 7,
        ("q d", 2, "e"): 8,
        ("q d", 2, "f", 1): 9,
        ("gA",): 11,
        ("t", "u", "v"): 13,
        ("h", 0, "i"): 16,
        ("h", 0, "j", 0): 17,
        ("h", 1, "j", 0, "k", "l", "m"): 20,
    }
    assert {path: found[path] for path in wanted} == wanted
    assert set(leaves(tomllib.loads(ODD))) <= set(found)
    assert positions.line_of(found, ("h", 0, "i", "no", 3)) == 16
    assert positions.line_of(found, ("nowhere",)) == 1


KEYS = st.text("ab-1", min_size=1, max_size=3)
VALUES = st.recursive(
    st.sampled_from(['"x#"', "'y'", "1", "true", "2026-01-01", '"""a\n"b"\n"""']),
    lambda inner: st.lists(inner, max_size=3).map(lambda some: "[\n" + ",\n".join(some) + "]"),
    max_leaves=5,
)


@settings(deadline=None)
@given(st.lists(st.tuples(KEYS, KEYS, VALUES), max_size=5))
def test_every_value_of_any_text_has_its_line(parts: list[tuple[str, str, str]]) -> None:
    text = "".join(f"[[{table}]]\n{key} = {value} # c\n" for table, key, value in parts)
    found = positions.lines(text)
    assert set(leaves(tomllib.loads(text))) <= set(found)


# without a release --------------------------------------------------------------------------------


@pytest.fixture
def held(folder: Path) -> tuple[Holder, FakeClock, Path]:
    clock = FakeClock()
    return Holder(folder, clock), clock, folder


def rewrite(folder: Path, old: str, new: str) -> None:
    change(folder, RULES, old, new)
    path = folder / RULES
    stamp = path.stat().st_mtime_ns + 1_000_000_000
    os.utime(path, ns=(stamp, stamp))


def test_a_new_version_is_in_force_after_a_few_seconds(
    held: tuple[Holder, FakeClock, Path],
) -> None:
    holder, clock, folder = held
    first = holder.state()
    rewrite(folder, 'version = "2026-04-24"', 'version = "2026-12-01"')
    assert holder.program.version == "2026-04-24"
    clock.pass_by(3)
    newer = holder.state()
    assert (newer.program.version, newer.since) == ("2026-12-01", clock.now())
    clock.pass_by(3)
    assert (holder.state(), first.program.version) == (newer, "2026-04-24")


def test_a_bad_version_is_refused_and_told(
    held: tuple[Holder, FakeClock, Path], caplog: pytest.LogCaptureFixture
) -> None:
    holder, clock, folder = held
    first = holder.state()
    rewrite(folder, "window_days = 120", "window_days = -120")
    clock.pass_by(3)
    with caplog.at_level(logging.INFO, "preclear"):
        bad = holder.state()
    assert (bad.program, bad.since) == (first.program, first.since)
    assert bad.refusal and bad.refusal.startswith("rules.toml:")
    assert bad.refused_at == clock.now()
    assert [getattr(one, "why", "") for one in caplog.records] == [bad.refusal]
    clock.pass_by(60)
    assert holder.state() == bad  # the same bad file is refused once
    rewrite(folder, "window_days = -120", "window_days = 90")
    clock.pass_by(3)
    mended = holder.state()
    assert (mended.refusal, mended.program.number.window_days) == (None, 90)


def test_a_form_that_cannot_be_read_is_refused_and_told(
    held: tuple[Holder, FakeClock, Path],
) -> None:
    holder, clock, folder = held
    package = folder / "forms/esi.package.json"
    whole = package.read_bytes()
    package.write_bytes(whole[: len(whole) // 2])
    clock.pass_by(3)
    bad = holder.state()
    assert bad.refusal and "form 'esi' is unknown" in bad.refusal
    package.write_bytes(whole)
    clock.pass_by(3)
    assert holder.state().refusal is None


def test_whatever_goes_wrong_with_a_file_leaves_the_rules_in_force_and_is_told(
    held: tuple[Holder, FakeClock, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    holder, clock, folder = held
    rewrite(folder, "window_days = 120", "window_days = 90")

    def fail(*_: Any) -> None:
        raise TypeError("hush")

    monkeypatch.setattr(base, "load", fail)
    clock.pass_by(3)
    state = holder.state()
    assert state.refusal == "the files cannot be used: TypeError"
    assert state.program.number.window_days == 120


def test_a_folder_that_goes_away_leaves_the_rules_in_force(
    held: tuple[Holder, FakeClock, Path],
) -> None:
    holder, clock, folder = held
    (folder / SERVICES).unlink()
    clock.pass_by(-100)
    state = holder.state()
    assert state.refusal and state.refusal.startswith("services.toml:1")
    assert state.program.service_of("62323")


def test_a_bad_first_version_refuses_the_start(folder: Path) -> None:
    change(folder, RULES, 'id = "wiser"', 'id = ""')
    with pytest.raises(ConfigError):
        Holder(folder, FakeClock())
