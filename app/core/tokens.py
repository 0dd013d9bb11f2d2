"""Secrets in links, cookies and keys: handed out once, kept as their hash only."""

import hashlib
import secrets


def new_token() -> str:
    """A token that nobody guesses: 256 random bits."""
    return secrets.token_urlsafe(32)


def hash_of(token: str) -> str:
    """What is kept of a token. Tokens are long and random: a plain hash is enough (no salt, no stretching)."""
    return hashlib.sha256(token.encode()).hexdigest()
