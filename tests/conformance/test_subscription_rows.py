"""What the guides ask of the Subscription by which a payer tells decisions."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from smart_app.cases.store import Store
from smart_app.pas import subscription
from smart_app.pas.subscription import BACKPORT
from smart_app.payers.registry import FILTER, FILTERS
from tests.conformance.test_request_rows import inside
from tests.unit.kit import NOW, FakeClock
from tests.unit.line import Line
from tests.unit.pas.test_decision import an_answer_item
from tests.unit.test_follow import answering, ok

ENDPOINT, OURS = "https://us.example/notify/1", "1999999042"
DAY = 24 * 3600


def asked(version: str) -> dict[str, Any]:
    """Return the Subscription that a payer of a version is asked for, by its default filter."""
    key = FILTERS.get(version, FILTER)
    to = subscription.Address(ENDPOINT, "secret", key, OURS)
    return subscription.build(to, NOW + timedelta(days=7), version)


@pytest.mark.req("pas-2.0.1@143", "pas-2.2.1@spec-58")
@pytest.mark.parametrize(("version", "key"), [("2.0.1", "identifier"), ("2.2.1", "org-identifier")])
def test_it_is_for_all_requests_of_the_organization(version: str, key: str) -> None:
    [found] = asked(version)["_criteria"]["extension"]
    assert found["valueString"] == f"{key}={OURS}"


@pytest.mark.req("pas-2.0.1@144", "pas-2.2.1@spec-62")
@pytest.mark.parametrize(("version", "content"), [("2.0.1", "id-only"), ("2.2.1", "full-resource")])
def test_it_asks_for_what_the_version_makes_payers_send(version: str, content: str) -> None:
    [found] = asked(version)["channel"]["_payload"]["extension"]
    assert (found["url"], found["valueCode"]) == (BACKPORT + "backport-payload-content", content)


@pytest.mark.req(
    "pas-2.0.1@subscriptions-backport_1.1.0@23", "pas-2.2.1@subscriptions-backport_1.1.0@23"
)
@pytest.mark.req(
    "pas-2.0.1@subscriptions-backport_1.1.0@64", "pas-2.2.1@subscriptions-backport_1.1.0@64"
)
@pytest.mark.req(
    "pas-2.0.1@subscriptions-backport_1.1.0@68", "pas-2.2.1@subscriptions-backport_1.1.0@68"
)
@pytest.mark.req(
    "pas-2.0.1@subscriptions-backport_1.1.0@76", "pas-2.2.1@subscriptions-backport_1.1.0@76"
)
@pytest.mark.req(
    "pas-2.0.1@subscriptions-backport_1.1.0@86", "pas-2.2.1@subscriptions-backport_1.1.0@86"
)
@pytest.mark.req(
    "pas-2.0.1@subscriptions-backport_1.1.0@96", "pas-2.2.1@subscriptions-backport_1.1.0@96"
)
@pytest.mark.req(
    "pas-2.0.1@subscriptions-backport_1.1.0@116", "pas-2.2.1@subscriptions-backport_1.1.0@116"
)
@pytest.mark.parametrize("version", ["2.0.1", "2.2.1"])
def test_it_is_a_rest_hook_of_the_topic_by_the_backport_s_own_extensions(version: str) -> None:
    made = asked(version)
    assert made["criteria"] == subscription.TOPIC
    assert (made["channel"]["type"], made["channel"]["endpoint"]) == ("rest-hook", ENDPOINT)
    urls = [one["url"] for several in inside(made, "extension") for one in several]
    wanted = ("backport-filter-criteria", "backport-payload-content")
    assert sorted(urls) == [BACKPORT + one for one in wanted]


@pytest.mark.req("pas-2.2.1@spec-42", "pas-2.0.1@68")
def test_a_payer_that_is_asked_is_asked_less_and_less_often(store: Store, clock: FakeClock) -> None:
    line = Line(store, clock, answering(ok(an_answer_item("A4"))))
    line.settings.poll_first_seconds, line.settings.poll_longest_seconds = 300.0, 4 * 3600.0
    line.signed()
    times = []
    for _ in range(DAY // 60):
        while line.step():
            pass
        asked_so_far = sum(url.endswith("$inquire") for url, _ in line.payer.posts)
        times += [clock.now()] * (asked_so_far - len(times))
        clock.pass_by(60)
    pauses = [after - before for before, after in zip(times, times[1:], strict=False)]
    assert 3 <= len(times) <= 15
    assert pauses[0] < pauses[2] <= timedelta(hours=5)
    assert pauses == sorted(pauses)
