"""The page of figures: for whoever is signed in at a clinic, about that clinic alone."""

from __future__ import annotations

from tests.security.office import Office
from tests.unit.kit import NOW, a_case


def test_it_shows_this_clinics_figures_alone(office: Office) -> None:
    for case_id, site in (("c1", "sandbox"), ("c2", "elsewhere")):
        case = a_case(case_id, site=site, payer_id=f"payer-of-{site}")
        office.world.metrics.exchanged(case, "initial", NOW, 200, "received")
    page = office.window("ann").get("/operations")
    assert page.status_code == 200
    assert "payer-of-sandbox" in page.text
    assert "elsewhere" not in page.text
    assert "Patient" not in page.text and "ann" not in page.text.lower().split("main>")[1]


def test_it_needs_a_session(office: Office) -> None:
    window = office.window("ann")
    stranger = office.app.test_client()
    url = f"/l/{window.launch_id}/operations"
    assert stranger.get(url, base_url=window.home).status_code in (401, 403)
