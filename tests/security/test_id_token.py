"""Who signed in is proved, or the door stays closed."""

from __future__ import annotations

import base64
import hmac
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import responses

from launch.errors import BadIdToken
from launch.id_token import check
from tests.security.door import CLIENT, ISS, SIGNER, STRANGER, House, a_house, id_token
from tests.unit.kit import NOW

KEYS = {"keys": [SIGNER.as_dict(private=False)]}
GOOD = id_token(NOW, "n1")


def checked(token: str, **change: Any) -> tuple[str, str]:
    known: dict[str, Any] = {
        "issuer": ISS,
        "client_id": CLIENT,
        "nonce": "n1",
        "nonce_optional": False,
        "fhir_base": ISS,
        "now": NOW,
    }
    return check(token, KEYS, **known | change)


def part(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def payload() -> Any:
    text = GOOD.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


def hmac_signed() -> str:
    """Return a token that is signed with the public key as if it were a shared secret."""
    signed = f"{part({'alg': 'HS256', 'kid': 'k1'})}.{part(payload())}"
    mac = hmac.digest(SIGNER.as_pem(private=False), signed.encode(), "sha256")
    return f"{signed}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


def test_a_good_token_names_the_user() -> None:
    assert checked(GOOD) == ("Practitioner/dr", "Dr. Test")


def named(change: Any) -> str:
    """Return the name of a case, the same in every process."""
    return str({key: "a foreign key" if key == "key" else one for key, one in change.items()})


@pytest.mark.parametrize(
    "change",
    [
        {"iss": "https://evil.example"},
        {"iss": None},
        {"aud": "another"},
        {"aud": [CLIENT, "another"], "azp": CLIENT},
        {"aud": "another", "azp": CLIENT},
        {"aud": None},
        {"exp": int(NOW.timestamp()) - 61},
        {"exp": None},
        {"exp": "never"},
        {"iat": int(NOW.timestamp()) + 61},
        {"iat": None},
        {"nonce": None},
        {"nonce": "other"},
        {"fhirUser": None},
        {"fhirUser": "Patient/p1"},
        {"fhirUser": "RelatedPerson/r1"},
        {"fhirUser": "https://evil.example/fhir/Practitioner/dr"},
        {"fhirUser": "//evil.example/fhir/Practitioner/dr"},
        {"fhirUser": f"{ISS}.evil.example/Practitioner/dr"},
        {"key": STRANGER},
    ],
    ids=named,
)
def test_a_token_that_proves_nothing_is_refused(change: dict[str, Any]) -> None:
    claims = {"nonce": "n1"} | change
    key = claims.pop("key", SIGNER)
    with pytest.raises(BadIdToken):
        checked(id_token(NOW, claims.pop("nonce"), key, **claims))


@pytest.mark.parametrize(
    "token",
    [
        f"{part({'alg': 'none'})}.{part(payload())}.",
        f"{part({'alg': 'None', 'kid': 'k1'})}.{part(payload())}.",
        hmac_signed(),
        GOOD[:-4] + "AAAA",
        GOOD.replace(GOOD.split(".")[1], part(payload() | {"name": "Dr. Evil"})),
        "",
        "x.y.z",
        "not a token",
    ],
    ids=["none", "None", "HS256", "cut", "changed", "empty", "dots", "words"],
)
def test_a_signature_that_proves_nothing_is_refused(token: str) -> None:
    with pytest.raises(BadIdToken):
        checked(token)


def test_the_audience_may_be_a_list_of_one() -> None:
    assert checked(id_token(NOW, "n1", aud=[CLIENT]))


def test_a_minute_of_difference_between_clocks_is_allowed() -> None:
    assert checked(GOOD, now=NOW + timedelta(seconds=359))
    assert checked(GOOD, now=NOW - timedelta(seconds=59))
    with pytest.raises(BadIdToken):
        checked(GOOD, now=NOW + timedelta(seconds=361))


def test_a_missing_nonce_is_a_sites_own_setting_a_wrong_one_never_passes() -> None:
    assert checked(id_token(NOW, None), nonce_optional=True)
    with pytest.raises(BadIdToken):
        checked(id_token(NOW, "other"), nonce_optional=True)


@pytest.mark.parametrize("user", ["Practitioner/dr", f"{ISS}/PractitionerRole/r.1"])
def test_users_are_named_relative_to_the_chart(user: str) -> None:
    assert checked(id_token(NOW, "n1", fhirUser=user))[0] == user.removeprefix(ISS + "/")


@pytest.mark.parametrize("claims", [{"nonce": None}, {"aud": "x"}, {"key": STRANGER}], ids=named)
def test_the_door_stays_closed(
    house: House, network: responses.RequestsMock, claims: dict[str, Any]
) -> None:
    house.ehr.claims = claims
    house.ehr.serve(network)
    browser = house.browser()
    answer = house.back(browser, house.begin(browser))
    assert (answer.status_code, answer.text) == (502, "bad-id-token")


def test_a_token_response_without_an_id_token_keeps_the_door_closed(
    house: House, network: responses.RequestsMock
) -> None:
    house.ehr.token = {"id_token": None}
    house.ehr.serve(network)
    browser = house.browser()
    assert house.back(browser, house.begin(browser)).text == "bad-id-token"


def test_metadata_names_no_issuer_of_another_origin(
    tmp_path: Path, network: responses.RequestsMock
) -> None:
    evil = "https://evil.example"
    for known, status in (({}, 502), ({"id_token_issuer": evil}, 303)):
        folder = tmp_path / str(status)
        folder.mkdir()
        house = a_house(folder, **known)
        house.ehr.claims = {"iss": evil}
        house.ehr.serve(network, issuer=evil)
        browser = house.browser()
        assert house.back(browser, house.begin(browser)).status_code == status
        house.door.vault._reads.dispose()
