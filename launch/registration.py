"""What the app is at one EHR site: the part of a site file that the door needs."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

_PLAIN = re.compile(r"[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*")
METHODS = ("none", "client_secret_basic", "private_key_jwt")
"""How a client proves itself at the token endpoint: not at all, by a secret, by a signed JWT."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """How this site knows us; ``key`` is a private JWK as JSON, with ``kid`` and ``alg``."""

    auth: str = "none"
    secret: str = field(default="", repr=False)
    key: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Registration:
    """One EHR site: who may launch us, as which client, with which scopes."""

    site: str
    issuers: tuple[str, ...]
    client_id: str
    scopes: tuple[str, ...]
    frame_ancestors: tuple[str, ...]
    expected_issuer: str | None = None
    nonce_optional: bool = False
    idle_minutes: int = 15
    late_write: str = "next_launch"
    credentials: Credentials = Credentials()
    issuer_prefix: str = ""

    def knows(self, iss: str) -> bool:
        """Tell whether an issuer lies under the prefix that a stand-in may have."""
        rest = iss.removeprefix(self.issuer_prefix) if self.issuer_prefix else iss
        return rest != iss and _PLAIN.fullmatch(rest) is not None

    @classmethod
    def of(cls, site: str, table: dict[str, Any]) -> Registration:
        """Build from the parsed site file; raises KeyError for a missing key."""
        client = table["client"]
        auth = client.get("auth", "none")
        if auth not in METHODS:
            raise TypeError(f"client.auth must be one of {', '.join(METHODS)}")
        return cls(
            site=site,
            issuers=tuple(table.get("issuers", ())),
            client_id=client["id"],
            credentials=Credentials(
                auth,
                secret=client["secret"] if auth == "client_secret_basic" else "",
                key=client["key"] if auth == "private_key_jwt" else "",
            ),
            scopes=tuple(table["scopes"]),
            frame_ancestors=tuple(table["frame_ancestors"]),
            expected_issuer=table.get("id_token_issuer"),
            nonce_optional=bool(table.get("nonce_optional", False)),
            idle_minutes=int(table.get("idle_minutes", 15)),
            late_write=str(table.get("late_write", "next_launch")),
            issuer_prefix=str(table.get("issuer_prefix", "")),
        )


class Registrations:
    """All sites; an issuer is looked up exactly, byte for byte.

    A stand-in whose issuers vary, as those of the SMART Health IT launcher do, has a prefix.
    """

    def __init__(self, sites: tuple[Registration, ...]) -> None:
        self._by_issuer = {issuer: site for site in sites for issuer in site.issuers}
        self._by_site = {site.site: site for site in sites}

    def of_issuer(self, iss: str) -> Registration | None:
        """Return the site whose list holds exactly this issuer, or whose prefix it lies under."""
        listed = self._by_issuer.get(iss)
        return listed or next((one for one in self.all() if one.knows(iss)), None)

    def idle_minutes(self) -> dict[str, int]:
        """Return after how many idle minutes a session ends, by site."""
        return {name: site.idle_minutes for name, site in self._by_site.items()}

    def all(self) -> tuple[Registration, ...]:
        """Return every site."""
        return tuple(self._by_site.values())

    def of_site(self, site: str) -> Registration:
        """Return the site of that name; raises KeyError."""
        return self._by_site[site]
