"""A client that signs: short-lived, used once, known by its key id, and its key stays at home."""

from __future__ import annotations

import json
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey

from launch import client
from launch.registration import Credentials, Registration, Registrations
from tests.unit.kit import NOW

EC = ECKey.generate_key("P-384", {"kid": "k1"})
RSA = RSAKey.generate_key(2048, {"kid": "k2"})
TOKEN = "https://ehr.example/token"


def registered(key: Any = EC, **more: Any) -> Registration:
    text = json.dumps(key.as_dict(private=True) | more) if not isinstance(key, str) else key
    made = Credentials("private_key_jwt", key=text)
    return Registration("site", ("https://ehr.example",), "app", (), (), credentials=made)


@pytest.mark.parametrize(("key", "algorithm"), [(EC, "ES384"), (RSA, "RS384")])
def test_an_assertion_is_what_smart_asks_for(key: Any, algorithm: str) -> None:
    site = registered(key)
    keys = KeySet.import_key_set(client.published(Registrations((site,))))
    first, second = (client.assertion(site, TOKEN, NOW) for _ in range(2))
    found = jwt.decode(first, keys, algorithms=[algorithm])
    assert found.header == {"alg": algorithm, "kid": key.kid, "typ": "JWT"}
    assert (found.claims["iss"], found.claims["sub"], found.claims["aud"]) == ("app", "app", TOKEN)
    assert 0 < found.claims["exp"] - NOW.timestamp() <= 300
    assert found.claims["jti"] != jwt.decode(second, keys, algorithms=[algorithm]).claims["jti"]


@pytest.mark.parametrize("key", [EC, RSA])
def test_only_the_public_half_is_published(key: Any) -> None:
    [found] = client.published(Registrations((registered(key),)))["keys"]
    assert not set(found) & set(client.PRIVATE)
    assert found["kid"] == key.kid


def test_a_public_client_publishes_nothing() -> None:
    site = Registration("site", (), "app", (), ())
    assert client.published(Registrations((site,))) == {"keys": []}


@pytest.mark.parametrize(
    "key",
    [
        "",
        "x",
        "{}",
        json.dumps(EC.as_dict(private=False) | {"kid": "k"}),
        json.dumps(ECKey.generate_key("P-256", {"kid": "k"}).as_dict(private=True)),
        json.dumps({k: v for k, v in EC.as_dict(private=True).items() if k != "kid"}),
    ],
)
def test_a_key_that_cannot_sign_is_refused_at_start(key: str) -> None:
    with pytest.raises(client.BadKey):
        client.check(registered(key))


def test_secrets_are_not_shown() -> None:
    assert "hush" not in repr(Credentials("client_secret_basic", secret="hush"))
