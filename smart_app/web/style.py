"""The EHR's colours, as far as people can still read them.

https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html#styling
"""

from __future__ import annotations

import re
from typing import Any

from flask import Blueprint, Response, make_response

from smart_app.web.pages import Desk

COLOUR = re.compile(r"^#(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})$")
TEXT = 4.5  # contrast of text, WCAG 2.2 success criterion 1.4.3
LIGHT = {
    "bg": "#f5f6f6", "surface": "#ffffff", "ink": "#17212b", "ink2": "#46525d",
    "accent": "#0b5880", "on-accent": "#ffffff", "tint": "#e8f1f6", "control": "#6b7680",
    "line": "#d5dade", "ok": "#1c6339", "warn": "#7a4a00", "stop": "#9b2418", "mark": "#fff0b3",
}  # fmt: skip
DARK = {
    "bg": "#11171c", "surface": "#192128", "ink": "#e8edf0", "ink2": "#aab6bf",
    "accent": "#7cc0e4", "on-accent": "#0a1a24", "tint": "#1c3341", "control": "#8794a0",
    "line": "#35414b", "ok": "#86cfa0", "warn": "#efbf6a", "stop": "#f3a297", "mark": "#544812",
}  # fmt: skip
WANTED = {
    "color_text": "ink",
    "color_highlight": "accent",
    "color_success": "ok",
    "color_error": "stop",
}
READ = ("ink", "ink2", "accent", "ok", "warn", "stop")
"""Tokens that text is written in."""
SECONDS, SECONDS_WITHOUT = 3600, 300


def _channels(colour: str) -> tuple[float, ...]:
    digits = colour[1:] if len(colour) == 7 else "".join(one * 2 for one in colour[1:])
    return tuple(int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4))


def luminance(colour: str) -> float:
    """Return the relative luminance of a colour, 0 to 1."""
    red, green, blue = (
        one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4
        for one in _channels(colour)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours, 1 to 21."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def tokens(style: dict[str, Any]) -> dict[str, str]:
    """Return the page's colours with the EHR's in place of ours wherever text stays readable.

    Nothing but hexadecimal colours is taken: what an EHR sends is not trusted to be CSS.
    """
    given = {key: str(style.get(key)) for key in ("color_background", *WANTED)}
    colours = {key: value for key, value in given.items() if COLOUR.match(value)}
    if not colours:
        return {}
    ground = colours.get("color_background")
    made = dict(DARK if ground and luminance(ground) < 0.2 else LIGHT)
    if ground and all(contrast(ground, made[name]) >= TEXT for name in READ):
        made["bg"] = ground
    for key, name in WANTED.items():
        wanted = colours.get(key)
        if wanted and min(contrast(wanted, made[on]) for on in ("bg", "surface")) >= TEXT:
            made[name] = wanted
    best = max(("#ffffff", "#0a1a24"), key=lambda one: contrast(one, made["accent"]))
    return made | {"on-accent": best}


def css(style: dict[str, Any]) -> str:
    """Return a style sheet, empty when the EHR's style has no colour that can be used."""
    found = tokens(style)
    lines = "".join(f"--{name}:{value};" for name, value in found.items())
    pico = "--pico-background-color:var(--bg);--pico-color:var(--ink);--pico-primary:var(--accent);"
    return f":root:root:root{{{lines}{pico}}}\n" if found else ""


def blueprint(desk: Desk) -> Blueprint:
    """Return the route of a launch's own style sheet."""
    pages = Blueprint("style", __name__)

    @pages.get("/l/<launch_id>/style.css")
    def sheet(launch_id: str) -> Response:
        context = desk.session(launch_id, active=False)
        kept = desk.world.store.kv("style")
        url = context.style_url or ""
        style = kept.get(url)
        if style is None:
            style = desk.world.chart(context).style(url)
            kept.put(url, style, SECONDS if style else SECONDS_WITHOUT)
        answer = make_response(css(style))
        answer.headers["Content-Type"] = "text/css; charset=utf-8"
        answer.headers["Cache-Control"] = "private, max-age=300"
        return answer

    return pages
