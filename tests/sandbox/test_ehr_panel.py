"""The chart's left panel: what is in it, in words and in the clinic's time."""

from __future__ import annotations

import base64
import re
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from sandbox import zones
from sandbox.ehr import EhrConfig, create_ehr
from sandbox.ehr.panel import preview, when

NOW = datetime(2026, 11, 24, 2, tzinfo=UTC)


@pytest.fixture
def client(tmp_path: Path) -> FlaskClient:
    config = EhrConfig("http://127.0.0.1:8", "http://127.0.0.1:9", "http://x", tmp_path, NOW.date())
    return create_ehr(config).test_client()


def document(patient: str, day: str, text: str) -> dict[str, Any]:
    """Return a document as the app files one."""
    data = base64.b64encode(text.encode()).decode()
    return {
        "resourceType": "DocumentReference",
        "id": "filed",
        "status": "current",
        "description": "Medicare prior authorization: affirmed",
        "date": day,
        "subject": {"reference": f"Patient/{patient}"},
        "content": [{"attachment": {"contentType": "text/plain", "data": data}}],
    }


def line_of(client: FlaskClient, patient: str) -> str:
    """Return the words of a person in the list of the first page."""
    page = client.get("/").get_data(as_text=True).partition("<ul>")[2]
    line = page.partition(f'href="/patients/{patient}"')[2].partition("</li>")[0]
    return " ".join(re.sub("<[^>]*>", " ", line).split())


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("2026-11-20T23:30:00+00:00", "Fri 20 Nov, 16:30"),
        ("2026-11-21T06:30:00Z", "Fri 20 Nov, 23:30"),
        ("2026-11-21T07:30:00Z", "Sat 21 Nov, 00:30"),
        ("2026-11-20", "Fri 20 Nov"),
        ("2025-12-03T10:00:00-07:00", "Wed 3 Dec 2025, 10:00"),
        ("2026-05", "2026-05"),
        ("", ""),
    ],
)
def test_dates_are_the_clinics(value: str, said: str) -> None:
    assert when(value, NOW) == said


def test_the_panel_and_the_app_have_one_clock() -> None:
    site = tomllib.loads(Path("launch/registrations/sandbox.toml").read_text("utf-8"))
    assert zones.ZONES[zones.CLINIC] == site["time_zone"]


def test_a_preview_is_the_line_with_the_number() -> None:
    text = "Decision by Zyter\n\n62323: affirmed\nUnique tracking number (UTN): JFB99900000017\n"
    filed = document("opal", "2026-11-24", text)
    assert preview(filed) == "Unique tracking number (UTN): JFB99900000017"
    dismissed = document("opal", "2026-11-24", "\nDecision by Zyter\n\n62323: dismissed\n")
    assert preview(dismissed) == "Decision by Zyter"
    assert preview(document("opal", "2026-11-24", "")) == ""


@pytest.mark.parametrize("patient", ["opal", "walter"])
def test_a_new_document_comes_first_with_its_number(client: FlaskClient, patient: str) -> None:
    text = "Decision\nUnique tracking number (UTN): JFB99900000017"
    filed = document(patient, "2026-11-24T02:00:00+00:00", text)
    client.post("/sandbox/control", json={"chart": [filed]})
    page = client.get(f"/patients/{patient}").get_data(as_text=True)
    places = [
        page.index(one)
        for one in ("affirmed</a>", "Mon 23 Nov, 19:00", "(UTN): JFB99900000017", "Visit note</a>")
    ]
    assert places == sorted(places)


def test_an_empty_frame_says_what_to_do(client: FlaskClient) -> None:
    page = client.get("/patients/opal").get_data(as_text=True)
    frame = page[page.index('<iframe name="app"') :].partition("</iframe>")[0]
    assert "Choose an order and open Preclear on it." in frame
    assert "born 2 Mar 1948" in page


def test_an_order_without_a_number_says_that_it_lacks_the_number_alone(client: FlaskClient) -> None:
    page = client.get("/patients/opal").get_data(as_text=True)
    assert "No authorization is recorded on this order" in page
    assert "Authorization: none" not in page


@pytest.mark.parametrize(
    ("patient", "said"),
    [
        ("opal", "AZ 62323 injection between the vertebrae, lower back"),
        ("kit", "WA 29877 knee scope: smoothing or clearing damaged joint cartilage"),
        ("walter", "TX 64483 injection through the nerve opening, lower back, first level 64484"),
    ],
)
def test_the_first_page_says_what_is_ordered_and_where(
    client: FlaskClient, patient: str, said: str
) -> None:
    assert said in line_of(client, patient)


def test_the_first_page_leaves_out_what_is_done(client: FlaskClient) -> None:
    assert "22513" in line_of(client, "ezra")
    assert "77080" not in line_of(client, "ezra")


def test_the_first_page_says_with_whom_to_begin(client: FlaskClient) -> None:
    page = client.get("/").get_data(as_text=True)
    assert 'Begin with <a href="/patients/opal">Opal Examplewood</a>' in page
