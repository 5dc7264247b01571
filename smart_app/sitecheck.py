"""What an EHR offers to a site's registration, asked before anybody signs in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlsplit

from launch import Discovery, LaunchError
from launch.discovery import SmartConfiguration
from launch.scopes import allows
from smart_app.cases.model import DOCUMENT, ORDER, Resource
from smart_app.chart.snapshot import SEARCHES
from smart_app.errors import ChartUnavailable
from smart_app.fhir.client import FhirClient
from smart_app.sites import Site

Level = Literal["ok", "look", "stop"]
INTERACTIONS = {"c": "create", "r": "read", "u": "update", "s": "search-type"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was found: how grave it is, which one, and its facts for the sentence."""

    level: Level
    kind: str
    facts: dict[str, str] = field(default_factory=dict)


def look(site: Site, iss: str, discovery: Discovery) -> list[Finding]:
    """Return what an issuer of a site offers, sign-in first. Nothing is changed there."""
    found = list(_sign_in(site, iss, discovery))
    try:
        capability = FhirClient(iss, lambda _: "").read("metadata")
    except ChartUnavailable as cause:
        return [*found, Finding("stop", "no_metadata", {"why": cause.detail})]
    return [*found, *_reads(site, capability), *_writes(site, capability)]


def _sign_in(site: Site, iss: str, discovery: Discovery) -> Iterator[Finding]:
    try:
        offered = discovery.of(iss)
    except LaunchError as cause:
        yield Finding("stop", "no_sign_in", {"why": str(cause).rstrip(".") or "no answer"})
        return
    hosts = {
        "where": _host(offered.authorization_endpoint),
        "tokens": _host(offered.token_endpoint),
    }
    yield Finding("ok", "sign_in", hosts)
    if "S256" not in offered.code_challenge_methods_supported:
        yield Finding("look", "no_s256")
    auth = site.registration.credentials.auth
    methods = offered.token_endpoint_auth_methods_supported
    if auth != "none" and methods and auth not in methods:
        yield Finding("look", "auth", {"auth": auth, "offered": ", ".join(methods)})
    elif auth in methods:
        yield Finding("ok", "public" if auth == "none" else "auth_listed", {"auth": auth})
    stated, expected = offered.issuer, site.registration.expected_issuer
    if stated and stated != iss and stated.rstrip("/") == iss.rstrip("/"):
        yield Finding("look", "slash", {"stated": stated, "iss": iss})
    if expected is None and stated and _origin(stated) != _origin(iss):
        yield Finding("look", "issuer", {"stated": stated})
    yield from _scopes(site, offered)


def _scopes(site: Site, offered: SmartConfiguration) -> Iterator[Finding]:
    """Compare what is asked with what is offered; EHRs often list less than they grant."""
    asked, listed = site.registration.scopes, offered.scopes_supported
    if not listed:
        yield Finding("look", "no_scopes")
        return
    missing = [one for one in asked if one not in listed and not _covered(one, listed)]
    if missing:
        yield Finding("look", "scopes", {"missing": " ".join(missing)})
    else:
        yield Finding("ok", "all_scopes")
    if site.late_write == "offline_access" and "offline_access" not in listed:
        yield Finding("look", "no_offline")


def _covered(scope: str, listed: tuple[str, ...]) -> bool:
    kind, _, verbs = scope.partition("/")[2].partition(".")
    level = scope.partition("/")[0]
    same = [one for one in listed if one.startswith(f"{level}/")]
    return bool(kind and verbs) and all(allows(same, kind, letter) for letter in verbs)


def _reads(site: Site, capability: Resource) -> Iterator[Finding]:
    version = str(capability.get("fhirVersion") or "")
    if not version.startswith("4.0"):
        yield Finding("stop", "version", {"version": version or "none"})
    types = _types(capability)
    asked = [kind for kind in SEARCHES if allows(site.registration.scopes, kind, "s")]
    missing = [kind for kind in asked if not _offers(types, kind, "s")]
    if missing:
        yield Finding("look", "reads", {"missing": ", ".join(missing)})
    else:
        yield Finding("ok", "all_reads", {"count": str(len(asked))})


def _writes(site: Site, capability: Resource) -> Iterator[Finding]:
    """Tell of each rung of the ladder whether it will work, and of what is left by hand."""
    types, scopes, works = _types(capability), site.registration.scopes, False
    for rung, letter in ((DOCUMENT, "c"), (ORDER, "u")):
        kind, facts = rung.partition(".")[0], {"rung": rung}
        if rung not in site.write_ladder:
            yield Finding("ok", "rung_off", facts)
        elif not _offers(types, kind, letter):
            yield Finding("look", "rung_not_offered", facts)
        elif not allows(scopes, kind, letter):
            yield Finding("look", "rung_no_scope", facts | {"scope": f"patient/{kind}.{letter}"})
        else:
            works = True
            yield Finding("ok", "rung_works", facts)
            if rung == DOCUMENT:
                yield from _twice(site, types.get(kind, {}))
    if not works:
        yield Finding("look", "by_hand")


def _twice(site: Site, offered: dict[str, Any]) -> Iterator[Finding]:
    """Compare what the file says of finding a document again with what the server says."""
    names = _words(offered.get("searchParam"), "name")
    for key, says, can in (
        ("search_by_identifier", site.document.search_by_identifier, "identifier" in names),
        ("if_none_exist", site.document.if_none_exist, offered.get("conditionalCreate") is True),
    ):
        if says and not can:
            yield Finding("look", "claims_more", {"key": key})
        if can and not says:
            yield Finding("ok", "could_more", {"key": key})
    if not site.document.search_by_identifier and not site.document.if_none_exist:
        yield Finding("look", "person_after_crash")


def _types(capability: Resource) -> dict[str, dict[str, Any]]:
    return {
        str(one.get("type")): one
        for rest in _tables(capability.get("rest"))
        for one in _tables(rest.get("resource"))
    }


def _tables(value: Any) -> Iterable[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _words(value: Any, key: str) -> set[str]:
    """Return what a list's tables say under a key; what is no text says nothing."""
    return {one[key] for one in _tables(value) if isinstance(one.get(key), str)}


def _offers(types: dict[str, dict[str, Any]], kind: str, letter: str) -> bool:
    return INTERACTIONS[letter] in _words(types.get(kind, {}).get("interaction"), "code")


def _host(url: str) -> str:
    return urlsplit(url).netloc


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc
