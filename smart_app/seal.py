"""Encryption at rest: AES-256-GCM with the value's place as associated data.

A sealed value is ``key id (8 bytes) | nonce (12) | ciphertext``. The place, such as
``pa_case:<id>:body``, is authenticated, so a value moved to another row does not open.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from smart_app.errors import ConfigError

KEY_BYTES = 32


class Seal:
    """Lock with the first key, open with any; ``blind`` has a key of its own."""

    def __init__(self, keys: tuple[bytes, ...], blind: bytes | None = None) -> None:
        if not keys or any(len(key) != KEY_BYTES for key in keys):
            raise ConfigError("key file: every line must be 32 bytes in base64")
        self._ciphers = {self._id(key): AESGCM(key) for key in keys}
        self._current = self._id(keys[0])
        self._keys = keys
        self._blind = blind or self.derived()[0]

    @staticmethod
    def _id(key: bytes) -> bytes:
        return hashlib.sha256(b"key id" + key).digest()[:8]

    @classmethod
    def of_file(cls, path: Path) -> Seal:
        """Read keys, newest first, one base64 line each; raises ConfigError."""
        try:
            lines = path.read_text().split()
            return cls(tuple(base64.b64decode(line, validate=True) for line in lines))
        except (OSError, ValueError) as cause:
            raise ConfigError(f"key file {path.name}: cannot be read as base64 lines") from cause

    def derived(self) -> tuple[bytes, ...]:
        """Return a blind key made from each key, the oldest key's first."""
        return tuple(hmac.digest(key, b"blind index", "sha256") for key in reversed(self._keys))

    def with_blind(self, blind: bytes) -> Seal:
        """Return a seal of the same keys with another blind key."""
        return Seal(self._keys, blind)

    def lock(self, place: str, plain: bytes) -> bytes:
        """Return the sealed bytes of a value for its place."""
        nonce = secrets.token_bytes(12)
        cipher = self._ciphers[self._current]
        return self._current + nonce + cipher.encrypt(nonce, plain, place.encode())

    def open(self, place: str, sealed: bytes) -> bytes:
        """Return the plain bytes; raises ConfigError for a wrong key or a moved value."""
        cipher = self._ciphers.get(sealed[:8])
        if cipher is None:
            raise ConfigError("the key that sealed the data is not in the key file")
        try:
            return cipher.decrypt(sealed[8:20], sealed[20:], place.encode())
        except InvalidTag as cause:
            raise ConfigError("a sealed value was changed or moved") from cause

    def blind(self, value: str) -> str:
        """Return a keyed hash by which a value can be looked up without being stored."""
        return hmac.new(self._blind, value.encode(), hashlib.sha256).hexdigest()
