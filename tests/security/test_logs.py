"""No name, Medicare number, token or address ever reaches a log line."""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Iterator
from typing import Any

import pytest

from smart_app.logs import FIELDS, QUIET, AllowedFields, configure

CANARIES = ("Canary Birdsong", "1S00EX0MP78", "eyJhbGciOi.canary", "?state=canary")


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """Give what the app's own formatter wrote of everything."""
    kept = io.StringIO()
    handler = logging.StreamHandler(kept)
    handler.setFormatter(AllowedFields())
    root = logging.getLogger()
    before = (root.handlers[:], root.level)
    root.handlers[:] = [handler]
    root.setLevel(logging.DEBUG)
    yield kept
    root.handlers[:], root.level = before


def lines(written: io.StringIO) -> list[str]:
    """Return what stands behind each line's time."""
    found = [one.split(" ", 1) for one in written.getvalue().splitlines()]
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", when) for when, _ in found)
    return [rest for _, rest in found]


def clean(text: str) -> bool:
    return not any(one in text for one in CANARIES)


@pytest.mark.parametrize("name", ["preclear.web", "preclear.worker", "urllib3", "authlib.oauth2"])
def test_arguments_and_exceptions_stay_out(written: io.StringIO, name: str) -> None:
    log = logging.getLogger(name)
    log.error("read %s", CANARIES[0])
    log.warning("number %(mbi)s", {"mbi": CANARIES[1]})
    try:
        raise ValueError(CANARIES[2])
    except ValueError:
        log.exception("failed", stack_info=True)
    assert clean(written.getvalue())
    assert "ValueError" in written.getvalue()


def test_messages_of_libraries_stay_out(written: io.StringIO) -> None:
    logging.getLogger("urllib3.connectionpool").error(f"GET /callback{CANARIES[3]}")
    assert lines(written) == ["error urllib3.connectionpool"]


def test_only_listed_fields_are_written(written: io.StringIO) -> None:
    more: dict[str, Any] = {"case": "c1", "patient": CANARIES[0], "token": CANARIES[2]}
    logging.getLogger("preclear.flow").info("opened", extra=more)
    assert lines(written) == ["info opened case=c1"]


def test_no_field_is_made_for_what_may_not_be_told() -> None:
    assert not set(FIELDS) & {"patient", "name", "mbi", "token", "url", "body", "number"}


def test_libraries_that_print_secrets_when_they_debug_are_kept_quiet() -> None:
    root = logging.getLogger()
    before = (root.handlers[:], root.level)
    try:
        configure()
        assert isinstance(root.handlers[0].formatter, AllowedFields)
        for name in QUIET:
            assert not logging.getLogger(name).isEnabledFor(logging.INFO), name
    finally:
        root.handlers[:], root.level = before
