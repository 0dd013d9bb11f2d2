"""Signatures of webhooks as the Standard Webhooks specification (1.0) has them: HMAC-SHA256 over id, time and body."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence

_MARK = "whsec_"


def new_secret() -> str:
    """A secret of 192 random bits, as receivers' libraries take it."""
    return _MARK + base64.b64encode(secrets.token_bytes(24)).decode()


def signature_of(secret: str, message_id: str, sent_at: int, body: str) -> str:
    """One signature; `sent_at` in seconds since 1970 (specification, "Signature scheme": symmetric)."""
    key = base64.b64decode(secret.removeprefix(_MARK))
    signed = f"{message_id}.{sent_at}.{body}".encode()
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


def signed_headers(known_secrets: Sequence[str], message_id: str, sent_at: int, body: str) -> dict[str, str]:
    """The headers of a message, signed with each secret that its receiver may still know."""
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(sent_at),
        "webhook-signature": " ".join(signature_of(secret, message_id, sent_at, body) for secret in known_secrets),
    }
