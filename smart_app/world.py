"""What one installation is made of: built once, handed to the flow."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import requests

from launch import Bearer, Discovery, LaunchContext, Vault
from smart_app.audit.chain import AuditChain
from smart_app.audit.metrics import Metrics
from smart_app.cases.blind import settled
from smart_app.cases.database import connect
from smart_app.cases.inbox import Inbox
from smart_app.cases.schema.migrate import upgrade
from smart_app.cases.store import Store
from smart_app.cases.tasks import Tasks
from smart_app.clock import SystemClock
from smart_app.config import AppConfig
from smart_app.dtr.engine.pool import EnginePool
from smart_app.fhir.client import FhirClient, http_session
from smart_app.payers.client import PayerClient
from smart_app.payers.registry import Payer, Payers
from smart_app.ports import Clock
from smart_app.programs.base import Program
from smart_app.programs.holder import Holder
from smart_app.seal import Seal
from smart_app.sites import Sites

CHART_THREADS = 16
PREPARE_THREADS = 4


@dataclass(frozen=True, slots=True)
class World:
    """Everything that stages reach the world through."""

    config: AppConfig
    sites: Sites
    payers: Payers
    programs: Holder
    seal: Seal
    store: Store
    inbox: Inbox
    tasks: Tasks
    audit: AuditChain
    metrics: Metrics
    clock: Clock
    vault: Vault
    bearer: Bearer
    engines: EnginePool
    chart_pool: ThreadPoolExecutor
    prepare_pool: ThreadPoolExecutor
    ehr_session: requests.Session

    @property
    def program(self) -> Program:
        """Return the program in force."""
        return self.programs.program

    def chart(self, context: LaunchContext) -> FhirClient:
        """Return the client of a launch's chart."""

        def bearer(refused: str | None) -> str:
            return self.bearer.token(context.launch_id, refused)

        return FhirClient(context.fhir_base, bearer, self.ehr_session)

    @staticmethod
    def payer_http(payer: Payer) -> PayerClient:
        """Return a payer's client, with that payer's timeouts."""
        return PayerClient(payer.connect_seconds, payer.read_seconds)


def build(config: AppConfig, clock: Clock | None = None, *, engines: int = 1) -> World:
    """Read every file, migrate the database, and return the world; raises ConfigError."""
    clock = clock or SystemClock()
    database = connect(config.database_url)
    upgrade(database)
    seal = settled(database, Seal.of_file(config.key_file), clock)
    store = Store(database, seal, clock)
    audit = AuditChain(store, seal)
    audit.adopt()
    programs = Holder(Path(config.programs) / "wiser", clock)
    sites = Sites.of_folder(
        config.sites, production=config.production, hospital_pos=programs.program.ccn_pos
    )
    vault = Vault(database, seal, clock.now)
    return World(
        config=config,
        sites=sites,
        payers=Payers.of_folder(config.payers, production=config.production),
        programs=programs,
        seal=seal,
        store=store,
        inbox=Inbox(store, seal),
        tasks=Tasks(store, config.worker_lease_seconds),
        audit=audit,
        metrics=Metrics(store),
        clock=clock,
        vault=vault,
        bearer=Bearer(vault, Discovery(clock.now), sites.registrations, clock.now),
        engines=EnginePool(size=engines),
        chart_pool=ThreadPoolExecutor(CHART_THREADS, thread_name_prefix="chart"),
        prepare_pool=ThreadPoolExecutor(PREPARE_THREADS, thread_name_prefix="prepare"),
        ehr_session=http_session(CHART_THREADS),
    )
