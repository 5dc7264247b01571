"""Is this process alive, and can it reach its database?"""

from __future__ import annotations

import sqlalchemy as sa
from flask import Blueprint

from smart_app.world import World


def blueprint(world: World) -> Blueprint:
    """Return the health route."""
    pages = Blueprint("health", __name__)

    @pages.get("/healthz")
    def healthz() -> dict[str, str]:
        with world.store.read() as db:
            db.execute(sa.text("select 1"))
        return {"status": "ok"}

    return pages
