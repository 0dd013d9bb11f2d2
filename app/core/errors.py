"""Domain errors: a stable code, an English sentence that is also the key of its translation, and its figures."""

from typing import Any, ClassVar


class DomainError(Exception):
    """Something the domain does not allow. Edges turn it into problem+json, a page or a line in the terminal.

    `message` is a template (`"{sku} is not offered"`); `params` fill it in whatever language it is said.
    `field` names the input it is about, where there is one.
    """

    status: ClassVar[int] = 422
    default_code: ClassVar[str] = "invalid"

    def __init__(self, message: str, *, code: str | None = None, field: str | None = None, **params: Any) -> None:
        self.message = message
        self.code = code or self.default_code
        self.field = field
        self.params = params
        super().__init__(message)

    def __str__(self) -> str:
        return self.message.format(**self.params)


class InvalidInput(DomainError):
    """What was given cannot be taken."""


class NotSignedIn(DomainError):
    """The caller is not known."""

    status = 401
    default_code = "not_signed_in"


class NotAllowed(DomainError):
    """The caller is known and may not do this."""

    status = 403
    default_code = "not_allowed"


class NotFound(DomainError):
    """There is no such thing, or none that the caller may see."""

    status = 404
    default_code = "not_found"


class Conflict(DomainError):
    """It cannot be done in the state things are in."""

    status = 409
    default_code = "conflict"


class StaleVersion(DomainError):
    """Somebody changed it since the caller read it."""

    status = 412
    default_code = "stale_version"

    def __init__(self) -> None:
        super().__init__("Somebody changed this since you opened it. Load it again, then repeat your change.")


class TooManyRequests(DomainError):
    """More was asked than is answered in this time. `retry_after_seconds` is 0 where nobody can say."""

    status = 429
    default_code = "too_many_requests"

    def __init__(self, message: str, *, retry_after_seconds: int = 0, **params: Any) -> None:
        super().__init__(message, **params)
        self.retry_after_seconds = retry_after_seconds


class TooLarge(DomainError):
    """The request carries more than is taken in one piece."""

    status = 413
    default_code = "too_large"


class Unavailable(DomainError):
    """Somebody else's system, which this needs, does not answer."""

    status = 503
    default_code = "unavailable"
