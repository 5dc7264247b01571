"""The ways into the app, at the sandbox's EHR and at a SMART Health IT launcher."""

from __future__ import annotations

import os
from urllib.parse import urlencode

from sandbox.browser import Browser, Page
from sandbox.launcher import KINDS, Launcher
from sandbox.stack import Stack

LAUNCHER = os.environ.get("SMART_LAUNCHER_URL", "").rstrip("/")
ABSENT = "SMART_LAUNCHER_URL names no SMART Health IT launcher, so its suite is not run."
CLIENTS = tuple(KINDS)


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
        self.stack = stack
        self.launcher = Launcher(LAUNCHER, stack, client)
        self.launcher.register()

    def ehr_launch(self, browser: Browser, patient: str, order: str, user: str) -> Page:
        """Open the app as the launcher's EHR does; it names no order."""
        return browser.get(self.launcher.ehr_launch(patient, user))

    def standalone(self, browser: Browser, patient: str, user: str) -> Page:
        """Open the app by itself."""
        return browser.get(self.launcher.standalone(patient, user))
