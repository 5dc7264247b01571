"""Before anybody signs in, the check of a site says what works there and what will not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import responses

import smart_app
from launch import Discovery
from smart_app import formatters, sitecheck
from smart_app.chart.snapshot import SEARCHES
from smart_app.sites import load_site
from tests.unit.kit import FakeClock

ROOT = Path(smart_app.__file__).resolve().parents[1]
ISS = "https://a.example/fhir"
SHIPPED = (ROOT / "launch/registrations/sandbox.toml").read_text().replace("{ehr}", ISS[:-5])
CONFIGURATION: dict[str, Any] = {
    "authorization_endpoint": "https://a.example/authorize",
    "token_endpoint": "https://a.example/token",
    "code_challenge_methods_supported": ["S256"],
    "scopes_supported": ["openid", "fhirUser", "launch", "offline_access", "patient/*.cruds"]
    + ["user/*.read"],
}


def capability(**types: Any) -> dict[str, Any]:
    """Return a CapabilityStatement that offers search of everything, and more by type."""
    codes = {kind: ["read", "search-type"] for kind in SEARCHES}
    codes |= {"DocumentReference": ["create", "search-type"], "ServiceRequest": ["update"]}
    codes["ServiceRequest"].append("search-type")
    resources = [
        {"type": kind, "interaction": [{"code": one} for one in some], **types.get(kind, {})}
        for kind, some in codes.items()
        if types.get(kind) is not None or kind not in types
    ]
    return {
        "resourceType": "CapabilityStatement",
        "fhirVersion": "4.0.1",
        "rest": [{"resource": resources}],
    }


SOUND = capability(
    DocumentReference={"conditionalCreate": True, "searchParam": [{"name": "identifier"}]}
)


@pytest.fixture
def asked(tmp_path: Path) -> Any:
    """Return a function that checks a site at a server, and gives what was found as words."""

    def check(
        configuration: Any = CONFIGURATION, metadata: Any = SOUND, site: str = SHIPPED
    ) -> dict[str, str]:
        path = tmp_path / "clinic.toml"
        path.write_text(site)
        with responses.RequestsMock(assert_all_requests_are_fired=False) as server:
            for url, body in (
                (f"{ISS}/.well-known/smart-configuration", configuration),
                (f"{ISS}/metadata", metadata),
            ):
                status = 200 if isinstance(body, dict) else 503
                server.get(url, json=body if status == 200 else None, status=status)
            found = sitecheck.look(load_site(path, ("22",)), ISS, Discovery(FakeClock().now))
            assert all("Authorization" not in one.request.headers for one in server.calls)
        return {
            f"{one.level} {one.kind}": formatters.site_finding(one.level, one.kind, one.facts)
            for one in found
        }

    return check


def test_a_sound_server_leaves_nothing_to_look_at(asked: Any) -> None:
    found = asked()
    assert [one for one in found if not one.startswith("ok ")] == []
    assert "Sign-in at a.example" in found["ok sign_in"]
    assert formatters.site_verdict({"ok"}) == "Ready to try a launch."


@pytest.mark.parametrize(
    ("change", "kind", "words"),
    [
        ({"code_challenge_methods_supported": ["plain"]}, "look no_s256", "PKCE with S256"),
        ({"issuer": f"{ISS}/"}, "look slash", f"{ISS}/, this file {ISS}"),
        ({"issuer": "https://id.example/a"}, "look issuer", 'id_token_issuer = "https://id.ex'),
        ({"scopes_supported": None}, "look no_scopes", "does not list its scopes"),
        ({"scopes_supported": ["patient/*.read"]}, "look scopes", "patient/ServiceRequest.rus"),
        ({"scopes_supported": ["openid"]}, "look no_offline", 'late_write = "next_launch"'),
        ({"token_endpoint": "http://evil.example"}, "stop no_sign_in", "token_endpoint is not"),
        ({"token_endpoint": None}, "stop no_sign_in", "no token_endpoint"),
    ],
)
def test_what_a_sign_in_lacks_is_said(
    asked: Any, change: dict[str, Any], kind: str, words: str
) -> None:
    assert words in asked(CONFIGURATION | change)[kind]


def test_a_public_client_is_called_one(asked: Any) -> None:
    takes = {"token_endpoint_auth_methods_supported": ["none", "private_key_jwt"]}
    assert "is a public client" in asked(CONFIGURATION | takes)["ok public"]
    assert not [one for one in asked() if "public" in one]  # the server says nothing of it


def test_an_issuer_that_the_file_names_is_not_asked_about(asked: Any) -> None:
    named = SHIPPED.replace("[client]", 'id_token_issuer = "https://id.example/a"\n\n[client]')
    assert "look issuer" not in asked(
        CONFIGURATION | {"issuer": "https://id.example/a"}, site=named
    )


def test_a_server_that_does_not_answer_stops(asked: Any) -> None:
    found = asked(None, None)
    assert set(found) == {"stop no_sign_in", "stop no_metadata"}
    assert "status 503" in found["stop no_metadata"]
    assert formatters.site_verdict({"ok", "look", "stop"}).startswith("Not ready")


def test_another_version_of_fhir_stops(asked: Any) -> None:
    assert "FHIR 1.0.2" in asked(metadata=SOUND | {"fhirVersion": "1.0.2"})["stop version"]


def test_which_rung_of_the_ladder_works_is_said(asked: Any) -> None:
    found = asked(metadata=capability(DocumentReference=None, ServiceRequest=None))
    assert "does not offer DocumentReference.create" in found["look rung_not_offered"] or (
        "does not offer ServiceRequest.update" in found["look rung_not_offered"]
    )
    assert "number to copy" in found["look by_hand"]
    assert "DocumentReference" in found["look reads"]
    narrow = SHIPPED.replace("DocumentReference.crs", "DocumentReference.rs")
    assert "add the scope patient/DocumentReference.c" in asked(site=narrow)["look rung_no_scope"]
    off = SHIPPED.replace('["DocumentReference.create", "ServiceRequest.update"]', "[]")
    found = asked(site=off)
    assert "switched off" in found["ok rung_off"]
    assert "look by_hand" in found


def test_a_file_that_claims_more_than_the_server_is_told(asked: Any) -> None:
    found = asked(metadata=capability())
    assert "might be filed twice" in found["look claims_more"]
    careful = SHIPPED.replace("search_by_identifier = true", "search_by_identifier = false")
    careful = careful.replace("if_none_exist = true", "if_none_exist = false")
    found = asked(site=careful)
    assert "look claims_more" not in found
    assert "a person looks" in found["look person_after_crash"]
    assert "= true Preclear uses it" in found["ok could_more"]


@pytest.mark.parametrize("body", [{}, {"rest": "x"}, {"rest": [{"resource": [3]}]}])
def test_a_description_of_an_odd_shape_is_read_as_offering_nothing(asked: Any, body: Any) -> None:
    whole = {"resourceType": "CapabilityStatement", "fhirVersion": "4.0.1"} | body
    assert "look by_hand" in asked(metadata=whole)


@pytest.mark.parametrize("wrong", [["create"], {"value": "create"}, 1, None])
def test_what_is_no_text_in_a_statement_is_not_offered(asked: Any, wrong: Any) -> None:
    named = {"searchParam": [{"name": wrong}]}
    assert "ok rung_works" in asked(metadata=capability(DocumentReference=named))
    offered = {"interaction": [{"code": wrong}]}
    assert "look rung_not_offered" in asked(metadata=capability(DocumentReference=offered))


@pytest.mark.parametrize(
    ("why", "words"), [("ReadTimeout", "no answer in time"), ("status 503", "status 503")]
)
def test_a_silent_server_is_told_without_the_names_of_our_code(why: str, words: str) -> None:
    assert words in formatters.site_finding("stop", "no_metadata", {"why": why})
    assert "Timeout" not in formatters.site_finding("stop", "no_metadata", {"why": why})
