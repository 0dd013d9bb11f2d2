"""The one interface to whoever carries electronic documents for us: an accredited platform, or a partner on a network.

`platform()` gives the one that is set; None where documents go by file. Another platform is another class with these
two methods.
"""

import json
from typing import Protocol

import httpx

from app.core.errors import DomainError, Unavailable
from app.core.settings import get_settings

_TIMEOUT_S = 20
_XML = {"Content-Type": "application/xml; charset=utf-8"}


class DocumentRefused(DomainError):
    """The platform does not take a document, and says why."""

    default_code = "document_refused"


class Platform(Protocol):
    """What a platform does for us. Both raise `DocumentRefused` for good, `Unavailable` where it may be tried again."""

    def send_invoice(self, xml: bytes) -> str:
        """Hand over an invoice or credit note (UBL, EN 16931); the platform's own reference for it."""

    def send_response(self, xml: bytes) -> str:
        """Hand over what we say of an invoice that came (Invoice Response); the platform's own reference for it."""


class PartnerOverHttp:
    """A partner that takes documents as they are, each by a POST: `invoices` and `responses` under one address.

    What comes from it is posted to us, at `/einvoicing/<token>/invoices` and `/responses`.
    """

    def __init__(self, address: str, client: httpx.Client | None = None) -> None:
        self.address = address.rstrip("/")
        self.client = client or httpx.Client(timeout=_TIMEOUT_S)

    def send_invoice(self, xml: bytes) -> str:
        """Hand over an invoice or credit note."""
        return self._post("invoices", xml)

    def send_response(self, xml: bytes) -> str:
        """Hand over what we say of an invoice that came."""
        return self._post("responses", xml)

    def _post(self, what: str, xml: bytes) -> str:
        try:
            answer = self.client.post(f"{self.address}/{what}", content=xml, headers=_XML)
        except httpx.HTTPError as error:
            raise Unavailable("The platform for electronic invoices does not answer: it is tried again.") from error
        if answer.status_code >= 500:
            raise Unavailable("The platform for electronic invoices does not answer: it is tried again.")
        if answer.is_error:
            raise DocumentRefused("The platform refused the document: {why}", why=_why(answer))
        return str(_told(answer).get("id") or answer.headers.get("Location", ""))


def _told(answer: httpx.Response) -> dict[str, object]:
    try:
        told = answer.json()
    except json.JSONDecodeError:
        return {}
    return told if isinstance(told, dict) else {}


def _why(answer: httpx.Response) -> str:
    """The platform's words: its reason, and the rules that the document breaks."""
    told = _told(answer)
    findings = told.get("findings")
    rules = (
        [f"{one.get('code', '')} {one.get('text', '')}".strip() for one in findings]
        if isinstance(findings, list)
        else []
    )
    return "; ".join([str(told.get("reason") or answer.status_code), *rules])[:500]


def platform() -> Platform | None:
    """The platform that is set."""
    address = get_settings().einvoicing_url
    return PartnerOverHttp(address) if address else None
