"""The page of the rules: public, framed by nobody, without a patient, true to what is in force."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

import smart_app
from sandbox.stack import Stack
from smart_app import create_app
from smart_app.config import load_app
from smart_app.world import World, build
from tests.unit.kit import FakeClock

SHIPPED = Path(smart_app.__file__).parent / "programs"


@dataclass
class Public:
    """The app over a program folder that a site edits, and a stranger's browser."""

    world: World
    browser: Any
    folder: Path
    clock: FakeClock

    def page(self) -> Any:
        return self.browser.get("/rules", base_url=self.world.config.public_url)

    def edit(self, old: str, new: str) -> None:
        """Change the rules, and let the next look come."""
        path = self.folder / "rules.toml"
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))
        stamp = path.stat().st_mtime_ns + 1_000_000_000
        os.utime(path, ns=(stamp, stamp))
        self.clock.pass_by(3)


@pytest.fixture
def public(tmp_path: Path) -> Iterator[Public]:
    Stack(tmp_path)
    folder = Path(shutil.copytree(SHIPPED / "wiser", tmp_path / "rules/wiser"))
    app_file = tmp_path / "app.toml"
    kept = [one for one in app_file.read_text().splitlines() if not one.startswith("programs")]
    app_file.write_text("\n".join(['programs = "rules"', *kept]))
    clock = FakeClock()
    world = build(load_app(app_file), clock, engines=0)
    yield Public(world, create_app(world).test_client(), folder, clock)
    world.chart_pool.shutdown()
    world.prepare_pool.shutdown()
    world.store.engine.dispose()


def words(page: str) -> str:
    """Return what a person reads."""
    found: list[str] = []
    reader = HTMLParser()
    reader.handle_data = found.append  # type: ignore[method-assign]
    reader.feed(page)
    return " ".join(" ".join(found).split())


def test_anyone_reads_the_rules_and_nobody_frames_them(public: Public) -> None:
    found = public.page()
    assert found.status_code == 200
    assert "frame-ancestors 'none'" in found.headers["Content-Security-Policy"]
    assert "Set-Cookie" not in found.headers
    elsewhere = public.browser.get("/launch", base_url=public.world.config.public_url)
    assert "frame-ancestors 'none'" not in elsewhere.headers["Content-Security-Policy"]


def test_every_service_code_and_rule_is_told_with_its_source(public: Public) -> None:
    told, program = words(public.page().text), public.world.program
    for service in program.services:
        wanted = [service.name, service.source, *service.states, *service.diagnoses]
        wanted += service.companions
        wanted += [value for one in service.codes for value in (one.code, one.words)]
        wanted += [one.condition for one in service.codes if one.condition]
        assert [one for one in wanted if one not in told] == []
    rules = [*program.elsewhere, *program.excluded, *program.coverage.special, *program.decisions]
    for one in rules:
        assert one.words in told and one.source in told
    for contact in (*program.participants, *program.macs):
        assert contact.telephone in told and contact.full_name in told
    for dated in ("from Thu 15 Jan 2026", "from Mon 6 Apr 2026", "From Wed 1 Apr 2026 on"):
        assert dated in told
    assert "footnote 22" in told


def test_nothing_is_called_required_and_nothing_technical_is_shown(public: Public) -> None:
    told = words(public.page().text)
    assert "voluntary" in told
    assert not re.search(r"\brequired\b|None|\{\{|Traceback", told)


def test_the_page_needs_no_script_and_has_headings_for_its_columns(public: Public) -> None:
    page = public.page().text
    assert "hx-" not in page and "onclick" not in page and "style=" not in page
    assert page.count("<table") == page.count('<table class="cards">')
    assert "<th>" not in page


def in_force(version: str, told: str) -> re.Match[str] | None:
    """Return what a page says of the version in force, and of its files."""
    since = "in force here since Tue 24 Nov, 10:00 UTC"
    return re.search(rf"Version {version} \(files ([0-9a-f]{{8}})\), {since}", told)


def test_which_version_is_in_force_since_when(public: Public) -> None:
    first = words(public.page().text)
    assert (found := in_force("2026-04-24", first))
    assert "refused" not in first
    public.edit('version = "2026-04-24"', 'version = "2026-12-01"')
    other = in_force("2026-12-01", words(public.page().text))
    assert other and other[1] != found[1]


def test_the_last_refusal_is_told_and_the_old_version_stays(public: Public) -> None:
    public.edit("window_days = 120", 'window_days = "<b>x"')
    page = public.page().text
    told = words(page)
    assert in_force("2026-04-24", told)
    assert re.search(r"rules\.toml:\d+: number: window_days is of another kind", told)
    assert "<b>x" not in page
    assert public.world.program.number.window_days == 120
    public.edit('window_days = "<b>x"', "window_days = 120")
    assert "refused" not in words(public.page().text)
