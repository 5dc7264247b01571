"""Each launch, as each kind of client, from the sign-in to the number in the chart.

The same suite runs at the sandbox always, and at a SMART Health IT launcher that stands before the
sandbox's people, where ``SMART_LAUNCHER_URL`` names one.
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator

import pytest

from sandbox.golden import Golden
from sandbox.stack import Stack
from tests.flow.ways import ABSENT, CLIENTS, LAUNCHER, AtLauncher, AtSandbox

ASKED = Namespace(service="62323", state="AZ", decision="affirmed", late_utn=False, json=True)
OPAL = ("opal", "dr-sampleton")
Ehr = AtSandbox | AtLauncher


@pytest.fixture(scope="module", params=CLIENTS)
def client(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(
    scope="module",
    params=[
        AtSandbox,
        pytest.param(AtLauncher, marks=pytest.mark.skipif(not LAUNCHER, reason=ABSENT)),
    ],
    ids=lambda one: one.name,
)
def ehr(
    request: pytest.FixtureRequest, client: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Ehr]:
    """Return an EHR that knows the app as one kind of client."""
    stack = Stack(tmp_path_factory.mktemp("smart"), client=client)
    made: Ehr = request.param(stack, client)
    with stack:
        yield made


def test_every_launch_leads_to_one_case_and_its_number_into_the_chart(ehr: Ehr) -> None:
    golden = Golden(ehr.stack, ASKED)
    patient, user = OPAL
    golden.opened(ehr.ehr_launch(golden.browser, patient, "opal-esi", user))
    golden.ready()
    assert "62323" in golden.title()
    assert "Opal Examplewood" in golden.page.text
    case = golden.page.url.rsplit("/", 1)[1]
    alone = Golden(ehr.stack, ASKED)
    alone.opened(ehr.standalone(alone.browser, patient, user))
    assert alone.page.url.rsplit("/", 1)[1] == case
    assert "Opal Examplewood" in alone.page.text
    alone.ready()
    for step in (alone.settle, alone.sign, alone.decided, alone.chart):
        step()
    assert alone.number
