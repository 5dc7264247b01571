"""The rules in force, for anyone to read: no session, no patient."""

from __future__ import annotations

from flask import Blueprint, g, render_template

from smart_app.world import World


def blueprint(world: World) -> Blueprint:
    """Return the page of the rules."""
    pages = Blueprint("rules", __name__)

    @pages.get("/rules", strict_slashes=False)
    def page() -> str:
        g.unframed = True
        state = world.programs.state()
        return render_template(
            "rules/page.html",
            program=state.program,
            state=state,
            sandbox=world.config.sandbox_url,
        )

    return pages
