"""The ways into the app, at the sandbox's EHR and at a SMART Health IT launcher."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path
from urllib.parse import urlencode

from sandbox.browser import Browser, Page
from sandbox.ehr.clients import KEY, PUBLIC, SECRET
from sandbox.stack import Stack

LAUNCHER = os.environ.get("SMART_LAUNCHER_URL", "").rstrip("/")
ABSENT = "SMART_LAUNCHER_URL names no SMART Health IT launcher, so its suite is not run."
HUSH = "stand-in, not a secret"
CLIENTS = {"public": PUBLIC, "secret": SECRET, "key": KEY}
REGISTRATIONS = Path(__file__).resolve().parents[2] / "launch/registrations"


class AtSandbox:
    """The strict EHR of the sandbox."""

    name = "sandbox"

    def __init__(self, stack: Stack, client: str) -> None:
        self.stack = stack
        self.iss = f"{stack.ehr}/fhir"

    def ehr_launch(self, browser: Browser, patient: str, order: str, user: str) -> Page:
        """Open the app from an order."""
        return browser.get(f"{self.stack.ehr}/open?patient={patient}&order={order}")

    def standalone(self, browser: Browser, patient: str, user: str) -> Page:
        """Open the app by itself, and choose a patient on the EHR's page."""
        page = browser.get(f"{self.stack.app}/launch?{urlencode({'iss': self.iss})}")
        form = page.form("/fhir/auth/authorize")
        assert form is not None, page.text
        return browser.submit(page, form, choose_patient=patient, choose_user=user)


class AtLauncher:
    """The SMART Health IT launcher, before the sandbox's people."""

    name = "launcher"

    def __init__(self, stack: Stack, client: str) -> None:
        self.stack, self.client = stack, client
        text = (REGISTRATIONS / "smart-launcher.toml").read_text()
        text = text.replace("https://launch.smarthealthit.org", LAUNCHER)
        stack.add_site("smart-launcher", text, client)
        site = stack.folder / "sites/smart-launcher.toml"  # the launcher takes no colon in a secret
        site.write_text(site.read_text().replace("file:client-secret", "file:launcher-secret"))
        (stack.folder / "sites/launcher-secret").write_text(HUSH)

    def settings(self, patient: str, user: str, *, standalone: bool) -> str:
        """Return a launch's settings as the launcher spells them.

        A client's secret or the address of its keys makes the launcher ask for them.
        """
        kind = ("public", "secret", "key").index(self.client)
        secret = HUSH if self.client == "secret" else ""
        keys = f"{self.stack.app}/jwks.json" if self.client == "key" else ""
        given = [2 if standalone else 0, patient, user, "NONE", 1, 1, 0, "", ""]
        given += [CLIENTS[self.client], secret, "", keys, "", kind, 1]
        packed = json.dumps([*given, f"{self.stack.ehr}/plain/fhir"])
        return base64.urlsafe_b64encode(packed.encode()).rstrip(b"=").decode()

    def iss(self, patient: str, user: str) -> str:
        """Return the issuer, which is the same for each way in: one issuer, one case."""
        return f"{LAUNCHER}/v/r4/sim/{self.settings(patient, user, standalone=True)}/fhir"

    def ehr_launch(self, browser: Browser, patient: str, order: str, user: str) -> Page:
        """Open the app as the launcher's EHR does."""
        code = self.settings(patient, user, standalone=False)
        query = {"iss": self.iss(patient, user), "launch": code}
        return browser.get(f"{self.stack.app}/launch?{urlencode(query)}")

    def standalone(self, browser: Browser, patient: str, user: str) -> Page:
        """Open the app by itself; the settings have chosen the patient."""
        query = {"iss": self.iss(patient, user)}
        return browser.get(f"{self.stack.app}/launch?{urlencode(query)}")
