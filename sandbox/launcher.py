"""Launches by a SMART Health IT launcher, which brings its own sign-in before our people.

The launcher reads a launch's settings from the launch itself and from the issuer's address: a JSON
array, packed as base64url.
"""

from __future__ import annotations

import base64
import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from http.client import HTTPException
from urllib.parse import urlencode

from sandbox.ehr.clients import KEY, PUBLIC, SECRET
from sandbox.stack import Stack

KINDS = {"public": PUBLIC, "secret": SECRET, "key": KEY}
HUSH = "stand-in, not a secret"
EHR, STANDALONE = 0, 2
ANSWER_SECONDS = 3


@dataclass(frozen=True)
class Launcher:
    """One launcher that knows the app as one kind of client, for one sandbox."""

    url: str
    stack: Stack
    client: str = "public"

    def settings(self, patient: str, user: str, way: int) -> str:
        """Return a launch's settings, packed.

        A client's secret or the address of its keys makes the launcher ask for them.
        """
        secret = HUSH if self.client == "secret" else ""
        keys = f"{self.stack.app}/jwks.json" if self.client == "key" else ""
        no_visit, no_page, no_error, anything = "NONE", 1, "", ""
        given = [way, patient, user, no_visit, no_page, no_page, 0, anything, anything]
        given += [KINDS[self.client], secret, no_error, keys, "", list(KINDS).index(self.client), 1]
        packed = json.dumps([*given, f"{self.stack.ehr}/plain/fhir"])
        return base64.urlsafe_b64encode(packed.encode()).rstrip(b"=").decode()

    def issuer(self, patient: str, user: str) -> str:
        """Return the issuer, which is the same for each way in: one issuer, one case."""
        return f"{self.url}/v/r4/sim/{self.settings(patient, user, STANDALONE)}/fhir"

    def ehr_launch(self, patient: str, user: str) -> str:
        """Return the address by which the launcher's EHR opens the app."""
        launch = self.settings(patient, user, EHR)
        query = {"iss": self.issuer(patient, user), "launch": launch}
        return f"{self.stack.app}/launch?{urlencode(query)}"

    def standalone(self, patient: str, user: str) -> str:
        """Return the address by which a person opens the app; the settings name the patient."""
        return f"{self.stack.app}/launch?{urlencode({'iss': self.issuer(patient, user)})}"

    def answers(self) -> bool:
        """Tell whether anything answers at its address, be it an error."""
        try:
            with urllib.request.urlopen(self.url, timeout=ANSWER_SECONDS):
                return True
        except urllib.error.HTTPError:
            return True
        except (OSError, HTTPException, ValueError):  # nobody, no HTTP, no address
            return False

    def register(self) -> None:
        """Write the app's registration at this launcher into the sandbox."""
        self.stack.add_launcher(self.url, self.client)
        site = self.stack.folder / "sites/smart-launcher.toml"  # it takes no colon in a secret
        site.write_text(site.read_text().replace("file:client-secret", "file:launcher-secret"))
        (self.stack.folder / "sites/launcher-secret").write_text(HUSH)
