"""What an unsafe request must bring along, and what every reply carries."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask, Response, request

from launch import csrf_token
from smart_app.web.security import ForeignRequest, check_unsafe, harden

HOME = "https://preclear.example"
TOKEN = csrf_token("secret of this launch")
SAME = {"Sec-Fetch-Site": "same-origin"}


def passes(headers: dict[str, str], form: dict[str, Any] | None = None) -> bool:
    """Tell whether a POST is let through."""
    app = Flask("x")
    with app.test_request_context("/", method="POST", headers=headers, data=form or {}):
        try:
            check_unsafe(request, TOKEN, HOME)
        except ForeignRequest as cause:
            assert cause.http_status == 403
            return False
    return True


@pytest.mark.parametrize("origin", [SAME, {"Origin": HOME}, SAME | {"Origin": "null"}])
def test_our_own_page_passes_by_field_or_header(origin: dict[str, str]) -> None:
    assert passes(origin, {"csrf": TOKEN})
    assert passes(origin | {"X-CSRF-Token": TOKEN})


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": "cross-site", "Origin": HOME},
        {"Origin": "null"},
        {"Origin": "https://evil.example"},
        {"Origin": "http://preclear.example"},
        {"Origin": "https://preclear.example:8443"},
        {"Origin": "https://preclear.example.evil.example"},
        {"Referer": HOME},
    ],
    ids=str,
)
def test_a_right_token_from_elsewhere_does_not_pass(headers: dict[str, str]) -> None:
    assert not passes(headers, {"csrf": TOKEN})


@pytest.mark.parametrize("token", ["", "x", TOKEN[:-1], csrf_token("another launch")])
def test_another_launchs_token_does_not_pass(token: str) -> None:
    assert not passes(SAME, {"csrf": token})
    assert not passes(SAME | {"X-CSRF-Token": token})


def test_a_token_beyond_ascii_does_not_pass() -> None:
    assert not passes(SAME, {"csrf": "é"})


def headers_of(*ancestors: str) -> Any:
    return harden(Response(""), ancestors).headers


def test_every_reply_is_hardened() -> None:
    found = headers_of("https://ehr.example", "https://other.example")
    policy = found["Content-Security-Policy"]
    assert "frame-ancestors https://ehr.example https://other.example" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "*" not in policy
    assert found["Cache-Control"] == "no-store"
    assert found["Referrer-Policy"] == "same-origin"
    assert found["X-Content-Type-Options"] == "nosniff"
    assert "max-age" in found["Strict-Transport-Security"]


def test_nobody_may_frame_what_names_nobody() -> None:
    found = headers_of()
    assert found["Content-Security-Policy"].endswith("frame-ancestors 'none'")
    assert "Strict-Transport-Security" not in found


def test_a_static_files_own_caching_stays() -> None:
    response = Response("")
    response.headers["Cache-Control"] = "max-age=60"
    assert harden(response, ()).headers["Cache-Control"] == "max-age=60"
