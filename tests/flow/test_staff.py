"""Staff prepare a request; the clinician who placed the order opens it and signs."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.golden import Golden, ask
from sandbox.stack import Stack
from tests.flow.ways import AtSandbox

ASKED = Namespace(service="62323", state="AZ", decision="affirmed", late_utn=False, json=True)


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    made = Stack(tmp_path)
    try:
        yield made
    finally:
        made.stop()


def opened_by(stack: Stack, user: str) -> Golden:
    """Return the player of Opal's order, as a person of the clinic."""
    made = Golden(stack, ASKED)
    made.opened(AtSandbox(stack, "public").standalone(made.browser, "opal", user))
    made.ready()
    return made


def signs(golden: Golden) -> int:
    """Send the page's own form to sign, whether it shows a button or not."""
    form = golden.page.form("/sign")
    assert form is not None
    return golden.browser.submit(golden.page, form).status


def test_staff_prepare_and_the_clinician_signs(stack: Stack) -> None:
    stack.start()
    staff = opened_by(stack, "staff-standin")
    assert "1 thing is still open, for you or Dr. Ines Sampleton" in staff.page.text
    assert "Sign and send" not in staff.page.text
    staff.settle()
    assert "Ready for Dr. Ines Sampleton to sign" in staff.page.text
    assert signs(staff) == 403
    assert ask(f"{stack.payer}/sandbox/state") == []
    doctor = opened_by(stack, "dr-sampleton")
    assert doctor.page.url.rsplit("/", 1)[1] == staff.page.url.rsplit("/", 1)[1]
    assert "Dr. Ines Sampleton, ordering" in doctor.page.text
    assert doctor.settle() == "nothing open"  # what staff answered stands
    for step in (doctor.sign, doctor.decided, doctor.chart):
        step()
    assert doctor.number


def test_any_clinician_may_sign_where_the_site_says_so_and_staff_may_not(stack: Stack) -> None:
    site = stack.folder / "sites/sandbox.toml"
    rule = 'signers = "orderer"'
    assert rule in site.read_text()
    site.write_text(site.read_text().replace(rule, 'signers = "any_practitioner"'))
    stack.start()
    staff = opened_by(stack, "staff-standin")
    staff.settle()
    assert signs(staff) == 403
    other = opened_by(stack, "dr-mockford")
    assert "Dr. Adam Mockford, for Dr. Ines Sampleton" in other.page.text
    for step in (other.settle, other.sign, other.decided):
        step()
