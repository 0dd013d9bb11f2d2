"""Sealed bids: encrypted as they arrive, with a key that nobody holds alone and the database never does. Pure.

A tender has a key pair of its own. Bids are encrypted to the public key by HPKE (RFC 9180: DHKEM(X25519, HKDF-SHA256),
HKDF-SHA256, AES-256-GCM), bound to their tender and supplier. The private key is kept only in three boxes, each locked
by two of three opening codes (128 random bits each, HKDF-SHA256 of both, AES-256-GCM). The codes are shown once, to be
given to three people; any two open the bids, one may be lost.
"""

import base64
import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from app.core.errors import InvalidInput

CODES, NEEDED = 3, 2
_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
_CODE_BYTES, _NONCE_BYTES, _BLOCK_BYTES = 16, 12, 1024
_PURPOSE = b"engrenages tender opening 1"


class WrongCodes(InvalidInput):
    """Two codes that do not open this tender's bids."""

    default_code = "wrong_codes"

    def __init__(self) -> None:
        super().__init__("These codes do not open the bids. Two different codes of this tender are needed.")


@dataclass(frozen=True)
class NewSeal:
    """What is kept (the public key, the locked boxes) and what is shown once (the codes)."""

    public_key: bytes
    boxes: list[str]
    codes: list[str]


def new_seal() -> NewSeal:
    """A key pair for a tender, its private key locked by each two of three new codes."""
    private = X25519PrivateKey.generate()
    secrets_ = [secrets.token_bytes(_CODE_BYTES) for _one in range(CODES)]
    boxes = []
    for pair in combinations(secrets_, NEEDED):
        nonce = secrets.token_bytes(_NONCE_BYTES)
        locked = AESGCM(_key_of(pair)).encrypt(nonce, private.private_bytes_raw(), _PURPOSE)
        boxes.append(base64.b64encode(nonce + locked).decode())
    return NewSeal(private.public_key().public_bytes_raw(), boxes, [_as_code(secret) for secret in secrets_])


def _as_code(secret: bytes) -> str:
    plain = base64.b32encode(secret).decode().rstrip("=")
    return "-".join(plain[at : at + 4] for at in range(0, len(plain), 4))


def _from_code(code: str) -> bytes:
    plain = "".join(code.upper().split()).replace("-", "")
    try:
        return base64.b32decode(plain + "=" * (-len(plain) % 8))
    except ValueError as error:
        raise WrongCodes from error


def _key_of(pair: Sequence[bytes]) -> bytes:
    return HKDF(SHA256(), length=32, salt=None, info=_PURPOSE).derive(b"".join(sorted(pair)))


def unlock(boxes: Sequence[str], codes: Sequence[str]) -> bytes:
    """The private key, by two different codes in either order. Raises `WrongCodes`."""
    given = [_from_code(code) for code in codes]
    if len(set(given)) != NEEDED:
        raise WrongCodes
    key = AESGCM(_key_of(given))
    for box in boxes:
        content = base64.b64decode(box)
        try:
            return key.decrypt(content[:_NONCE_BYTES], content[_NONCE_BYTES:], _PURPOSE)
        except InvalidTag:
            continue
    raise WrongCodes


def seal(public_key: bytes, content: bytes, context: str) -> bytes:
    """Encrypt a bid; `context` names its tender and supplier. Padded, so that its length tells little."""
    length = len(content).to_bytes(4, "big")
    padding = bytes(-(len(content) + 4) % _BLOCK_BYTES)
    return _SUITE.encrypt(length + content + padding, X25519PublicKey.from_public_bytes(public_key), context.encode())


def open_sealed(private_key: bytes, sealed: bytes, context: str) -> bytes:
    """The bid that was sealed in this context. Raises `WrongCodes` for another key, context or content."""
    key = X25519PrivateKey.from_private_bytes(private_key)
    try:
        opened = _SUITE.decrypt(sealed, key, context.encode())
    except InvalidTag as error:
        raise WrongCodes from error
    return opened[4 : 4 + int.from_bytes(opened[:4], "big")]


def digest_of(sealed: bytes) -> str:
    """The receipt of a sealed bid: what is opened later is what was received."""
    return hashlib.sha256(sealed).hexdigest()
