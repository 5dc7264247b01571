"""The app with one site, and the windows of charts that are open in browsers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask.testing import FlaskClient

from launch import LaunchContext, cookie_name, csrf_token
from launch.vault import Tokens
from smart_app.cases.model import ChartSnapshot
from smart_app.world import World
from tests.unit.kit import NOW, FakeClock

CHART = ChartSnapshot({"resourceType": "Patient", "id": "ann"}, {}, {}, NOW)


@dataclass
class Window:
    """One launch in one browser."""

    browser: FlaskClient
    home: str
    launch_id: str
    secret: str

    def get(self, path: str, launch_id: str = "", headers: dict[str, str] | None = None) -> Any:
        url = f"/l/{launch_id or self.launch_id}{path}"
        return self.browser.get(url, base_url=self.home, headers=headers)

    def post(self, path: str, headers: dict[str, str], token: str = "") -> Any:
        form = {"csrf": token or csrf_token(self.secret), "revision": "1"}
        url = f"/l/{self.launch_id}{path}"
        return self.browser.post(url, base_url=self.home, headers=headers, data=form)


@dataclass
class Office:
    """The app with one site and no EHR behind it."""

    world: World
    app: Any
    iss: str
    clock: FakeClock

    def window(self, patient: str, iss: str = "") -> Window:
        """Open a window of a patient's chart, as after a sign-in."""
        chart = iss or self.iss
        launch_id, _ = self.world.vault.begin("sandbox", chart, "l1")
        context = LaunchContext(launch_id, "sandbox", chart, chart, patient, "Practitioner/dr", ())
        secret = self.world.vault.admit(context, Tokens("access", None, 9e9, ()))
        window = Window(self.app.test_client(), self.world.config.public_url, launch_id, secret)
        return self.give(window, cookie_name(launch_id), secret)

    def give(self, window: Window, name: str, value: str) -> Window:
        """Put a cookie into a window's jar."""
        window.browser.set_cookie(name, value, domain="localhost")
        return window
