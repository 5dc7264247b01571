"""The door: SMART App Launch and nothing else. Imports nothing of the app that uses it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import sqlalchemy as sa
from flask import Flask

from launch.client import check as check_client
from launch.client import published
from launch.context import LaunchContext
from launch.discovery import Discovery
from launch.errors import LaunchError, SignInUnavailable
from launch.registration import Registration, Registrations
from launch.routes import Door, OnEvent, Render, blueprint, cookie_name, csrf_token
from launch.tables import metadata
from launch.token import Bearer
from launch.vault import Seal, Vault

__all__ = [
    "Bearer",
    "Discovery",
    "Door",
    "LaunchContext",
    "LaunchError",
    "Registration",
    "Registrations",
    "Seal",
    "SignInUnavailable",
    "Vault",
    "check_client",
    "cookie_name",
    "csrf_token",
    "init_app",
    "metadata",
    "published",
]


def init_app(
    app: Flask,
    *,
    registrations: Registrations,
    public_url: str,
    now: Callable[[], datetime],
    engine: sa.Engine,
    seal: Seal,
    on_event: OnEvent,
    render: Render,
) -> Door:
    """Add the door's routes to an app and return the door."""
    vault = Vault(engine, seal, now)
    door = Door(vault, Discovery(now), registrations, public_url, now, on_event)
    app.register_blueprint(blueprint(door, render))
    return door
