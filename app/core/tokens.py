"""Secrets in links, cookies and keys: handed out once, kept as their hash only."""

import hashlib
import secrets

# How the texts of API keys and of tokens got for them begin: of real ones, and of the sandbox's.
KEY_MARK, SANDBOX_KEY_MARK = "eng_", "engs_"
TOKEN_MARK, SANDBOX_TOKEN_MARK = "engt_", "engst_"


def new_token() -> str:
    """A token that nobody guesses: 256 random bits."""
    return secrets.token_urlsafe(32)


def hash_of(token: str) -> str:
    """What is kept of a token. Tokens are long and random: a plain hash is enough (no salt, no stretching)."""
    return hashlib.sha256(token.encode()).hexdigest()
