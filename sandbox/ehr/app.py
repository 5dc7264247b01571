"""Wiring of the pretend EHR."""

from __future__ import annotations

import os
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flask import Flask, Response

from sandbox.ehr import control, oauth, pages, people, rest
from sandbox.ehr.config import EhrConfig
from sandbox.ehr.names import Names
from sandbox.ehr.smart import CODE_SECONDS, TOKEN_SECONDS, Authority
from sandbox.ehr.store import Store
from sandbox.exchange import ExchangeLog

SANDBOX = Path(__file__).resolve().parent.parent


@dataclass
class Misbehaviour:
    """What this EHR does wrong, by its control.

    ``fail`` maps types to statuses; ``patient`` and ``context`` are what launches say instead of
    the truth (an empty patient: none). ``ignore_identifiers``: neither searches nor conditions of
    creates look at identifiers, and nobody is told. ``dirty`` are resources that its searches give
    as they are: the store itself would refuse them.
    """

    delay_ms: int = 0
    fail: dict[str, int] = field(default_factory=dict)
    refuse_writes: bool = False
    accept_without_body: bool = False
    ignore_identifiers: bool = False
    patient: str | None = None
    context: list[str] | None = None
    dirty: list[dict[str, Any]] = field(default_factory=list)


class Ehr:
    """One EHR: configuration, store, authority, and what it does wrong."""

    def __init__(self, config: EhrConfig) -> None:
        self.config = config
        self.authority = Authority(config.issuer, config.app_url)
        self.wrong = Misbehaviour()
        self.started = time.time()
        self._count = 0
        self._lock = threading.Lock()
        self._load()

    def reset(self) -> None:
        """Start over: fresh charts with new orders, no switch, and whoever goes along forgets."""
        self.config.with_reset()
        vars(self.wrong).update(vars(Misbehaviour()))
        self.authority.token_seconds, self.authority.code_seconds = TOKEN_SECONDS, CODE_SECONDS
        self._load()

    def put(self, resource: dict[str, Any]) -> None:
        """Put a resource into the charts, orders named as authored or as they are."""
        named = self.names.resource(resource)
        self.store.update(named["resourceType"], named["id"], named, None)

    def _load(self) -> None:
        """Load the charts into a fresh store."""
        with self._lock:
            self._count += 1
            folder = self.config.data_dir
            path = str(folder / f"ehr-{self._count}.sqlite") if folder else ":memory:"
            store = Store(self.config.issuer, path)
            charts = people.charts(self.config.day())
            names, authored = Names(charts, self._count), set()
            for resource in map(names.resource, charts):
                answer = store.update(resource["resourceType"], resource["id"], resource, None)
                if answer.status >= 400:
                    raise RuntimeError(
                        f"{resource['resourceType']}/{resource['id']}: {answer.body}"
                    )
                authored.add(f"{resource['resourceType']}/{resource['id']}")
            self.store, self.names, self.authored = store, names, authored


def create_ehr(config: EhrConfig) -> Flask:
    """Return the pretend EHR; raises RuntimeError in production."""
    if os.environ.get("PRECLEAR_ENV") == "production":
        raise RuntimeError("The pretend EHR does not start with PRECLEAR_ENV=production.")
    app = Flask(
        "sandbox.ehr",
        template_folder=str(SANDBOX / "templates"),
        static_folder=str(SANDBOX / "static"),
    )
    ehr = Ehr(config)
    log = ExchangeLog("ehr")
    app.register_blueprint(oauth.blueprint(ehr))
    app.register_blueprint(rest.blueprint(ehr))
    app.register_blueprint(pages.blueprint(ehr))
    app.register_blueprint(control.blueprint(ehr, log))
    own = ("/patients", "/documents", "/sandbox", "/static", "/open", "/favicon.ico")
    log.wrap(app, skip_prefixes=own)

    @app.after_request
    def shout(response: Response) -> Response:
        response.headers["X-Stand-In"] = "pretend EHR"
        response.headers["Cache-Control"] = "no-store"
        return response

    return app
