"""Stripe, as far as we use it: customers, methods kept for later, collections off-session, refunds, Connect, events.

Only this module talks to Stripe. Whatever it answers with is brought to small values of ours; amounts are euros. Every
call that creates something carries an idempotency key made from our own row, so that a job run again asks once.
Source: Stripe's API reference (payment_intents, setup_intents, refunds, accounts, account_links, webhook signatures).
"""

import logging
from collections.abc import Iterable
from decimal import Decimal
from functools import cache
from typing import Any, NamedTuple

import stripe

from app.billing.payments.models.cards import CollectionStatus, MethodKind
from app.core.errors import Conflict, InvalidInput, Unavailable
from app.core.money import ZERO
from app.core.settings import get_settings

# Its lines of debugging hold whole requests and answers, with what is nobody's to read.
logging.getLogger("stripe").setLevel(logging.WARNING)

_EXPANDED = ["latest_charge.balance_transaction"]
_EXPANDED_CONNECT = ["latest_charge.transfer", "latest_charge.application_fee"]
_TAKEN = {"needs_response", "under_review", "lost"}  # disputes for which Stripe has taken the money back
_TIMEOUT_S = 20
_UNDER_WAY = {"processing": CollectionStatus.PROCESSING, "succeeded": CollectionStatus.SUCCEEDED}
_ASKS_THE_OWNER = {"authentication_required", "payment_intent_authentication_failure"}


class Snapshot(NamedTuple):
    """A collection as Stripe tells it now. `received`: less refunds and what is disputed; `fee`: Stripe's own."""

    intent_id: str
    status: CollectionStatus
    failure: str = ""
    received: Decimal = ZERO
    to_supplier: Decimal = ZERO
    fee: Decimal = ZERO


class KeptMethod(NamedTuple):
    """A card or account that was set up for later."""

    customer_id: str
    stripe_id: str
    kind: MethodKind
    label: str
    mandate_reference: str


class Setup(NamedTuple):
    """A set-up that was begun: the browser confirms it with `client_secret`."""

    id: str
    client_secret: str


def is_configured() -> bool:
    """Whether this installation takes cards."""
    settings = get_settings()
    return bool(settings.stripe_secret_key.get_secret_value() and settings.stripe_publishable_key)


@cache
def _client(key: str, api_base: str) -> stripe.StripeClient:
    return stripe.StripeClient(
        key, base_addresses={"api": api_base}, max_network_retries=2,
        http_client=stripe.RequestsClient(timeout=_TIMEOUT_S),
    )  # fmt: skip


def _stripe() -> Any:
    settings = get_settings()
    if not is_configured():
        raise Conflict("This association takes no cards: no key of Stripe's is set.", code="cards_off")
    return _client(settings.stripe_secret_key.get_secret_value(), settings.stripe_api_base).v1


def _cents(amount: Decimal) -> int:
    return int(amount * 100)


def _euros(cents: int | None) -> Decimal:
    return Decimal(cents or 0) / 100


def _once(key: str) -> Any:
    return {"idempotency_key": key}


class _Telling:
    """Turns Stripe's errors into ours, with its words for people and nothing of the request."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, stripe.APIConnectionError | stripe.RateLimitError):
            raise Unavailable("Stripe does not answer now: try again in a minute.") from None
        if isinstance(error, stripe.StripeError):
            raise Conflict("Stripe refused: {why}", code="stripe_refused", why=error.user_message or "") from None


def create_customer(company_id: int, name: str) -> str:
    """The id of a new customer for a company."""
    with _Telling():
        made = _stripe().customers.create(
            {"name": name, "metadata": {"company": str(company_id)}}, _once(f"customer-{company_id}")
        )
    return str(made.id)


def begin_setup(customer_id: str, kind: MethodKind) -> Setup:
    """Begin to set up a card or account for payments without its owner at the screen."""
    with _Telling():
        made = _stripe().setup_intents.create(
            {"customer": customer_id, "usage": "off_session", "payment_method_types": [kind.value]}
        )
    return Setup(made.id, made.client_secret)


def read_setup(setup_id: str) -> KeptMethod:
    """What was set up. Raises `Conflict` where it is not done."""
    with _Telling():
        setup = _stripe().setup_intents.retrieve(setup_id).to_dict()
        if setup["status"] != "succeeded" or not setup.get("payment_method"):
            raise Conflict("The card or account was not confirmed: try again.", code="setup_not_done")
        method = _stripe().payment_methods.retrieve(setup["payment_method"]).to_dict()
    kind = MethodKind(method["type"])
    details = method[kind.value]
    origin = details["brand"].capitalize() if kind is MethodKind.CARD else details["country"]
    reference = details.get("mandate_reference") or setup.get("mandate") or ""
    return KeptMethod(setup["customer"], method["id"], kind, f"{origin} •••• {details['last4']}", reference)


def collect(
    reference: str, amount: Decimal, customer_id: str, method_id: str, *, destination: str = "",
    application_fee: Decimal = ZERO,
) -> Snapshot:  # fmt: skip
    """Collect an amount from a method that was set up, without its owner at the screen; `reference` is collected once.

    With `destination` it is a destination charge of Connect: the money goes to that account, less our fee.
    """
    request: dict[str, Any] = {
        "amount": _cents(amount), "currency": "eur", "customer": customer_id, "payment_method": method_id,
        "confirm": True, "off_session": True, "metadata": {"reference": reference},
    }  # fmt: skip
    if destination:
        request["transfer_data"] = {"destination": destination}
        request["application_fee_amount"] = _cents(application_fee)
    try:
        with _Telling():
            try:
                intent_id = _stripe().payment_intents.create(request, _once(f"collect-{reference}")).id
            except stripe.CardError as refused:
                intent_id = _intent_of(refused)
                if not intent_id:
                    raise
    except Conflict as refusal:
        if refusal.code != "stripe_refused":
            raise
        return Snapshot("", CollectionStatus.FAILED, str(refusal.params["why"])[:300])
    return read_collection(intent_id, connect=bool(destination))


def _intent_of(refused: stripe.CardError) -> str:
    """The payment intent that a refusal left behind: it is kept, and can be confirmed by its owner."""
    body = refused.json_body if isinstance(refused.json_body, dict) else {}
    return str((body.get("error", {}).get("payment_intent") or {}).get("id") or "")


def read_collection(intent_id: str, *, connect: bool = False) -> Snapshot:
    """A collection as it stands now; `connect`: it was a destination charge."""
    with _Telling():
        expand = [*_EXPANDED, *(_EXPANDED_CONNECT if connect else ())]
        intent = _stripe().payment_intents.retrieve(intent_id, {"expand": expand}).to_dict()
        charge = _expanded(intent.get("latest_charge"))
        disputed = bool(charge and charge.get("disputed"))
        disputes = _stripe().disputes.list({"payment_intent": intent_id}).to_dict()["data"] if disputed else ()
    return snapshot_of(intent, disputes)


def snapshot_of(intent: dict[str, Any], disputes: Iterable[dict[str, Any]] = ()) -> Snapshot:
    """What a payment intent, with its charge expanded, and the disputes about it come to."""
    charge = _expanded(intent.get("latest_charge"))
    error = intent.get("last_payment_error") or {}
    status = _UNDER_WAY.get(intent["status"], CollectionStatus.FAILED)
    if intent["status"] in {"requires_action", "requires_confirmation"} or error.get("code") in _ASKS_THE_OWNER:
        status = CollectionStatus.ACTION_NEEDED
    failure = "" if status in _UNDER_WAY.values() else str(error.get("message") or "")[:300]
    if status is not CollectionStatus.SUCCEEDED or not charge:
        return Snapshot(intent["id"], status, failure)
    back = charge.get("amount_refunded", 0) + sum(one["amount"] for one in disputes if one["status"] in _TAKEN)
    transfer, fee = _expanded(charge.get("transfer")), _expanded(charge.get("application_fee"))
    to_supplier = 0
    if transfer:
        ours = fee["amount"] - fee.get("amount_refunded", 0) if fee else 0
        to_supplier = transfer["amount"] - transfer.get("amount_reversed", 0) - ours
    balance = _expanded(charge.get("balance_transaction"))
    own_fee = balance.get("fee", 0) if balance else 0
    received = max(charge["amount"] - back, 0)
    return Snapshot(intent["id"], status, "", _euros(received), _euros(to_supplier), _euros(own_fee))


def _expanded(value: Any) -> dict[str, Any] | None:
    """An object that was asked to be expanded; nothing where there is only its id."""
    return value if isinstance(value, dict) else None


def client_secret(intent_id: str) -> str:
    """What the owner's browser needs to confirm a collection; it is kept nowhere."""
    with _Telling():
        return str(_stripe().payment_intents.retrieve(intent_id).client_secret)


def refund(reference: str, intent_id: str, amount: Decimal, *, from_supplier: bool) -> str:
    """Pay back part of a collection, from the supplier's account and our fee where it was a destination charge."""
    with _Telling():
        charge = _stripe().payment_intents.retrieve(intent_id).to_dict()["latest_charge"]
        request: dict[str, Any] = {
            "charge": charge if isinstance(charge, str) else charge["id"],
            "amount": _cents(amount), "metadata": {"reference": reference},
        }  # fmt: skip
        if from_supplier:
            request |= {"reverse_transfer": True, "refund_application_fee": True}
        return str(_stripe().refunds.create(request, _once(f"refund-{reference}")).id)


def open_account(supplier_id: int, name: str, email: str | None) -> str:
    """The id of a new account of a supplier's own; Stripe keeps its identity and pays it out."""
    request: dict[str, Any] = {
        "type": "express", "country": "FR", "metadata": {"supplier": str(supplier_id)},
        "business_profile": {"name": name},
        "capabilities": {"card_payments": {"requested": True}, "transfers": {"requested": True}},
    }  # fmt: skip
    if email:
        request["email"] = email
    with _Telling():
        return str(_stripe().accounts.create(request, _once(f"account-{supplier_id}")).id)


def account_link(account_id: str, page: str) -> str:
    """Where a supplier goes on to tell Stripe who it is; it comes back to `page`."""
    with _Telling():
        link = _stripe().account_links.create(
            {"account": account_id, "refresh_url": page, "return_url": page, "type": "account_onboarding"}
        )
    return str(link.url)


def takes_charges(account_id: str) -> bool:
    """Whether an account can be paid to."""
    with _Telling():
        return bool(_stripe().accounts.retrieve(account_id).charges_enabled)


class Event(NamedTuple):
    """Something that Stripe tells of: which intent, set-up or account to look at again."""

    id: str
    type: str
    intent_id: str
    setup_id: str
    account_id: str


def read_event(body: bytes, signature: str) -> Event:
    """An event whose signature is Stripe's. Raises `InvalidInput` for any other."""
    secret = get_settings().stripe_webhook_secret.get_secret_value()
    try:
        if not secret:
            raise ValueError
        told = stripe.Webhook.construct_event(body, signature, secret).to_dict()
    except (ValueError, stripe.SignatureVerificationError):
        raise InvalidInput(
            "This is not signed by Stripe, or its secret is another one.", code="bad_signature"
        ) from None
    about = told["data"]["object"]
    kind, own_id = about.get("object"), str(about.get("id") or "")
    intent_id = own_id if kind == "payment_intent" else str(about.get("payment_intent") or "")
    return Event(
        told["id"], told["type"], intent_id, own_id if kind == "setup_intent" else "",
        own_id if kind == "account" else "",
    )  # fmt: skip
