"""A browser without a screen: follows redirects, keeps cookies, reads and posts forms.

Secure cookies are kept over http on loopback, as Chromium does for ``localhost``.
"""

from __future__ import annotations

import time
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any

VOID = {"input", "br", "meta", "link", "img", "hr", "path", "circle", "rect"}


@dataclass
class Form:
    """A form of a page: where it goes, what it would send, and which radios it offers."""

    action: str
    act: str
    name: str = ""
    fields: list[tuple[str, str]] = field(default_factory=list)
    choices: dict[str, list[str]] = field(default_factory=dict)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.attributes: dict[str, str] = {}
        self.words: list[str] = []
        self._form: Form | None = None
        self._area: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect forms, and the data of the page's body."""
        given = {key: value or "" for key, value in attrs}
        if given.get("id") == "body":
            self.attributes = given
        if tag == "form":
            self._form = Form(
                given.get("action", ""), given.get("data-act", ""), given.get("id", "")
            )
            self.forms.append(self._form)
        form = self._form
        if given.get("form"):  # a control that stands outside its form
            form = next((one for one in self.forms if one.name == given["form"]), None)
        if form is None or "name" not in given or "disabled" in given:
            return
        name, value = given["name"], given.get("value", "")
        if tag == "textarea":
            self._area = name
            form.fields.append((name, ""))
        elif tag == "input":
            kind = given.get("type", "text")
            if kind in ("radio", "checkbox"):
                form.choices.setdefault(name, []).append(value)
                if "checked" in given:
                    form.fields.append((name, value))
            else:
                form.fields.append((name, value))

    def handle_endtag(self, tag: str) -> None:
        """Close a form."""
        if tag == "form":
            self._form = None
        if tag == "textarea":
            self._area = None

    def handle_data(self, data: str) -> None:
        """Keep the words, and what stands in a text area."""
        if self._area and self._form:
            self._form.fields[-1] = (self._area, data)
        self.words.append(data)


@dataclass
class Page:
    """What a browser would show."""

    url: str
    status: int
    html: str
    forms: list[Form]
    data: dict[str, str]
    text: str

    def form(self, ending: str, act: str = "") -> Form | None:
        """Return the first form whose action ends so, of an act when given."""
        for one in self.forms:
            if one.action.endswith(ending) and (not act or one.act == act):
                return one
        return None


class Browser:
    """One browser with one cookie jar."""

    def __init__(self) -> None:
        policy = DefaultCookiePolicy(secure_protocols=("https", "http"))
        self.jar = CookieJar(policy)
        self._opener = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(self.jar), urllib.request.ProxyHandler({})
        )
        self.seen: list[dict[str, Any]] = []

    def _open(self, request: urllib.request.Request, part: bool = False) -> Page:
        request.add_header("User-Agent", "Mozilla/5.0 (golden)")
        if part:
            request.add_header("HX-Request", "true")
        started = time.monotonic()
        try:
            with self._opener.open(request, timeout=90) as response:
                status, url, body = response.status, response.url, response.read()
        except urllib.error.HTTPError as answer:
            status, url, body = answer.code, answer.url or request.full_url, answer.read()
        taken = round((time.monotonic() - started) * 1000, 1)
        html = body.decode("utf-8", "replace")
        reader = _Reader()
        reader.feed(html)
        self.seen.append(
            {
                "method": request.get_method(),
                "url": urllib.parse.urlsplit(url)._replace(query="").geturl(),
                "status": status,
                "body": html,
                "ms": taken,
            }
        )
        text = " ".join(" ".join(reader.words).split())
        return Page(url, status, html, reader.forms, reader.attributes, text)

    def get(self, url: str) -> Page:
        """Open a page."""
        return self._open(urllib.request.Request(url))

    def submit(self, page: Page, form: Form, *, part: bool = False, **chosen: str) -> Page:
        """Send a form as its button would, some fields chosen otherwise.

        ``part``: as htmx does it, so that only what changes comes back.
        """
        fields = [one for one in form.fields if one[0] not in chosen] + list(chosen.items())
        url = urllib.parse.urljoin(page.url, form.action)
        parts = urllib.parse.urlsplit(url)
        request = urllib.request.Request(url, urllib.parse.urlencode(fields).encode())
        request.add_header("Origin", f"{parts.scheme}://{parts.netloc}")
        return self._open(request, part)
