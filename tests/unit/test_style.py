"""An EHR's colours are taken only where people can still read, and never as CSS."""

from __future__ import annotations

import re
from typing import Any

import pytest
import responses
from hypothesis import given
from hypothesis import strategies as st

from smart_app.fhir.client import FhirClient
from smart_app.web import style

BASE = "https://ehr.example/fhir"
KEYS = ("color_background", *style.WANTED)
HEX = st.from_regex(r"#[0-9a-f]{6}", fullmatch=True)


def test_readable_colours_are_taken() -> None:
    found = style.tokens({"color_highlight": "#5a2d82", "color_text": "#222"})
    assert (found["accent"], found["ink"], found["on-accent"]) == ("#5a2d82", "#222", "#ffffff")


def test_a_dark_ground_brings_the_dark_page() -> None:
    found = style.tokens({"color_background": "#101010", "color_highlight": "#ffd75e"})
    assert (found["bg"], found["surface"], found["accent"]) == ("#101010", "#192128", "#ffd75e")


@pytest.mark.parametrize("colour", ["#ffff00", "#9aa", "#ccc"])
def test_a_colour_that_cannot_be_read_is_not_taken(colour: str) -> None:
    assert style.tokens({"color_highlight": colour})["accent"] == style.LIGHT["accent"]


@pytest.mark.parametrize(
    "value", ["red;}body{display:none", "url(https://evil.example)", "#12345", None, 7, {}]
)
def test_what_is_no_colour_is_nothing(value: Any) -> None:
    assert style.css({"color_text": value}) == ""


@given(st.dictionaries(st.sampled_from(KEYS), HEX, min_size=1))
def test_text_stays_readable_whatever_is_sent(sent: dict[str, str]) -> None:
    found = style.tokens(sent)
    for text in ("ink", "ink2", "accent", "ok", "warn", "stop"):
        for ground in ("bg", "surface"):
            assert style.contrast(found[text], found[ground]) >= style.TEXT, (text, ground)
    assert style.contrast(found["on-accent"], found["accent"]) >= style.TEXT
    assert re.fullmatch(r"[-#:;{}a-z0-9() \n]*", style.css(sent).replace("root", ""))


@responses.activate
@pytest.mark.parametrize("url", ["https://evil.example/style.json", "http://ehr.example/s", ""])
def test_only_the_ehrs_own_origin_is_asked(url: str) -> None:
    assert FhirClient(BASE, lambda _: "secret").style(url) == {}
    assert len(responses.calls) == 0


@responses.activate
def test_the_style_is_asked_for_without_the_token() -> None:
    responses.get("https://ehr.example/s.json", json={"color_text": "#222222"})
    found = FhirClient(BASE, lambda _: "secret").style("https://ehr.example/s.json")
    assert found == {"color_text": "#222222"}
    assert "Authorization" not in responses.calls[0].request.headers


@responses.activate
@pytest.mark.parametrize("answer", [{"status": 404}, {"body": "x"}, {"json": []}])
def test_a_style_that_cannot_be_had_is_none(answer: dict[str, Any]) -> None:
    responses.get("https://ehr.example/s.json", **answer)
    assert FhirClient(BASE, lambda _: "secret").style("https://ehr.example/s.json") == {}
