"""How a firm pays: by transfer, by the bank's direct debit, or by Stripe; and paying one invoice that is open."""

from functools import partial
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session, col, select

from app.accounts.actor import Actor
from app.accounts.authentication import SignedIn
from app.accounts.models import Person
from app.accounts.permissions import Permission
from app.accounts.service import change_address, get_association, get_company
from app.billing.invoicing.issue import get_invoice
from app.billing.invoicing.models import IssuedInvoice
from app.billing.invoicing.queries import open_amount
from app.billing.payments import card_collections, direct_debits, payment_methods
from app.billing.payments import stripe_gateway as gateway
from app.billing.payments.models.cards import Collection, CollectionStatus, MethodKind, PaymentMethod
from app.core.database import outside
from app.core.errors import DomainError, NotFound
from app.core.i18n import say
from app.core.settings import get_settings
from app.web.edge import SessionDep, TransactionRoute
from app.web.forms import Text, attempt
from app.web.rendering import render

router = APIRouter(route_class=TransactionRoute)
HERE = "/invoices/how-we-pay"
_WAITS = (CollectionStatus.QUEUED, CollectionStatus.PROCESSING)


def _let_stripe_in(request: Request) -> None:
    """Let the page load Stripe's script, which asks for card numbers in frames of its own: we never see one."""
    settings = get_settings()
    script = _origin(settings.stripe_js_url)
    api = _origin(settings.stripe_api_base)
    request.state.answer_headers = {
        "Content-Security-Policy": (
            f"default-src 'self'; img-src 'self' data: {script}; script-src 'self' {script};"
            f" connect-src 'self' {api} {script}; frame-src {script} https://hooks.stripe.com; frame-ancestors 'none';"
            " base-uri 'none'; form-action 'self'"
        )
    }


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


@router.get("/invoices/how-we-pay")
def how_we_pay_page(request: Request, session: SessionDep, actor: SignedIn) -> Response:
    """The ways to pay, and the one in force."""
    return _page(request, session, actor)


def _page(
    request: Request, session: Session, actor: Actor, error: str | None = None, setup: gateway.Setup | None = None,
    kind: MethodKind | None = None,
) -> Response:  # fmt: skip
    actor.require(Permission.MANAGE_COMPANY)
    company_id = actor.require_company()
    if setup is not None:
        _let_stripe_in(request)
    return render(
        request,
        "payments/how_we_pay.html",
        status_code=422 if error else 200,
        mandate=direct_debits.mandate_of(session, company_id),
        method=payment_methods.method_of(session, company_id),
        company=get_company(session, company_id),
        cards=gateway.is_configured(),
        setup=setup,
        kind=kind,
        email=session.get_one(Person, actor.require_person()).email,
        stripe=get_settings(),
        error=error,
    )


@router.post("/invoices/how-we-pay/setup")
def begin_setup(
    request: Request, session: SessionDep, actor: SignedIn, kind: Annotated[MethodKind, Form()]
) -> Response:
    """Begin to set up a card or an account: the browser asks for its number and gives it to Stripe alone."""
    try:
        setup = payment_methods.begin_setup(session, actor, kind)
    except DomainError as refusal:
        return _page(request, session, actor, say(refusal))
    return _page(request, session, actor, setup=setup, kind=kind)


@router.post("/invoices/how-we-pay/kept")
def keep(
    request: Request, session: SessionDep, actor: SignedIn, setup: Annotated[str, Form(max_length=255)] = ""
) -> Response:
    """Keep what the browser confirmed with Stripe."""
    try:
        payment_methods.keep_method(session, actor, setup)
    except DomainError as refusal:
        return _page(request, session, actor, say(refusal))
    return RedirectResponse(HERE, 303)


@router.post("/invoices/how-we-pay/removal")
def remove(request: Request, session: SessionDep, actor: SignedIn) -> Response:
    """Pay by transfer again."""
    show = partial(_page, request, session, actor)
    return attempt(session, lambda: payment_methods.remove_method(session, actor), show, HERE)


@router.post("/invoices/how-we-pay/address")
def change_own_address(
    request: Request, session: SessionDep, actor: SignedIn, street: Text = "", postal_code: Text = "", city: Text = "",
    siret: Text = "",
) -> Response:  # fmt: skip
    """Write down our address as invoices have it, and our SIRET where it is not known."""
    show = partial(_page, request, session, actor)
    address = {"street": street, "postal_code": postal_code, "city": city, "siret": siret}
    return attempt(session, lambda: change_address(session, actor, **address), show, HERE)


@router.post("/invoices/mandate")
def sign_mandate(
    request: Request, session: SessionDep, actor: SignedIn, iban: Annotated[str, Form(max_length=50)] = ""
) -> Response:
    """Let the association debit my firm's account at the bank."""
    show = partial(_page, request, session, actor)
    return attempt(session, lambda: direct_debits.sign_mandate(session, actor, iban), show, HERE)


@router.post("/invoices/mandate/revocation")
def revoke_mandate(request: Request, session: SessionDep, actor: SignedIn) -> Response:
    """Pay by transfer again."""
    show = partial(_page, request, session, actor)
    return attempt(session, lambda: direct_debits.revoke_mandate(session, actor), show, HERE)


@router.get("/invoices/{number}/payment")
def payment_page(request: Request, session: SessionDep, actor: SignedIn, number: str) -> Response:
    """How the payment of an invoice stands, and what is to be done."""
    return _payment(request, session, actor, number)


def _payment(request: Request, session: Session, actor: Actor, number: str, error: str | None = None) -> Response:
    invoice = _own(session, actor, number)
    last = _last_collection(session, invoice)
    method = payment_methods.method_of(session, actor.require_company())
    secret = ""
    intent_id = last.intent_id if last and last.status is CollectionStatus.ACTION_NEEDED else None
    if intent_id:
        try:
            with outside(session):
                secret = gateway.client_secret(intent_id)
            _let_stripe_in(request)
        except DomainError as refusal:
            error = error or say(refusal)
    answer = render(
        request,
        "payments/payment.html",
        status_code=422 if error else 200,
        invoice=invoice,
        open=open_amount(session, invoice.id or 0),
        last=last,
        paying_method=session.get(PaymentMethod, last.method_id) if last else None,
        method=method,
        iban=get_association(session).iban,
        secret=secret,
        stripe=get_settings(),
        error=error,
    )
    if "HX-Request" in request.headers and not (last and last.status in _WAITS):
        answer.headers["HX-Refresh"] = "true"  # the whole page: Stripe's script may come in with a load alone
    return answer


def _own(session: Session, actor: Actor, number: str) -> IssuedInvoice:
    actor.require(Permission.MANAGE_COMPANY)
    invoice = get_invoice(session, actor, number)
    if invoice.company_id != actor.require_company():
        raise NotFound("There is no such invoice.")
    return invoice


def _last_collection(session: Session, invoice: IssuedInvoice) -> Collection | None:
    query = select(Collection).where(Collection.invoice_id == invoice.id).order_by(col(Collection.id).desc()).limit(1)
    return session.exec(query).first()


@router.post("/invoices/{number}/payment")
def pay(request: Request, session: SessionDep, actor: SignedIn, number: str) -> Response:
    """Collect an open invoice now, from the card or account in force; also where a collection failed before."""
    invoice = _own(session, actor, number)
    card_collections.collect_open(session, actor, [invoice.id or 0], again=True)
    return RedirectResponse(f"/invoices/{number}/payment", 303)


@router.post("/invoices/{number}/payment/confirmed")
def confirmed(request: Request, session: SessionDep, actor: SignedIn, number: str) -> Response:
    """The owner has answered the bank: look at the collection again."""
    last = _last_collection(session, _own(session, actor, number))
    try:
        if last is not None and last.intent_id:
            card_collections.sync(session, last.intent_id)
    except DomainError as refusal:
        return _payment(request, session, actor, number, say(refusal))
    return RedirectResponse(f"/invoices/{number}/payment", 303)
