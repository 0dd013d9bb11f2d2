"""Collecting by Stripe against a peer that keeps state: once, exactly, whatever it tells in whatever order."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import Session, select

from app.accounts.actor import SYSTEM, Actor
from app.accounts.permissions import Role
from app.billing.einvoicing.models import Transmission
from app.billing.invoicing.invoice import InvoiceKind
from app.billing.invoicing.models import IssuedInvoice
from app.billing.invoicing.queries import open_amount
from app.billing.payments import card_collections, payment_methods
from app.billing.payments import stripe_gateway as gateway
from app.billing.payments.bank_matching import import_statement
from app.billing.payments.direct_debits import mandate_of, sign_mandate
from app.billing.payments.models.cards import Collection, CollectionStatus, MethodKind, Refund, StripeEvent
from app.billing.payments.queries import failed_collections
from app.billing.payments.stripe_events import receive_event
from app.commission.ledger.books import fec_file, trial_balance
from app.core import clock
from app.core.errors import Conflict, InvalidInput, NotAllowed, NotFound, Unavailable
from app.core.settings import get_settings
from app.orders.fulfilment.returns import record_return
from tests.billing import peer as stripe_peer
from tests.billing.invoicing.test_issue import check_fec
from tests.billing.market import Market
from tests.billing.payments.test_supplier_payments import camt
from tests.billing.peer import event_of, give_card, signed, work
from tests.site import Site

D = Decimal
IBAN = "FR7630006000011234567890189"


def invoiced(market: Market, code: str = "R1", units: int = 10) -> IssuedInvoice:
    """An invoice of the first firm for gloves that came."""
    market.deliver(code, (0, market.gloves, units))
    return market.of_kind(market.invoice(), InvoiceKind.MEMBER)[0]


def collected(market: Market, invoice: IssuedInvoice, *, again: bool = False) -> Collection:
    """Collect an invoice and do the jobs that follow."""
    (made,) = card_collections.collect_open(market.world.session, SYSTEM, [invoice.id or 0], again=again)
    work(market.world.session)
    return made


def test_an_invoice_is_collected_from_the_card_once_and_booked(market: Market, approver: Actor, peer: str) -> None:
    session = market.world.session
    method = give_card(session, peer, approver)
    assert method.label == "Visa •••• 4242"
    invoice = invoiced(market)
    collection = collected(market, invoice)
    assert (collection.status, collection.received) == (CollectionStatus.SUCCEEDED, invoice.total)
    assert (market.balance("411"), market.balance("517")) == (0, invoice.total)
    assert open_amount(session, invoice.id or 0) == 0
    assert stripe_peer.at_peer(peer, f"payment_intents/{collection.intent_id}")["amount"] == invoice.total * 100
    assert card_collections.collect_open(session, SYSTEM, again=True) == []
    card_collections.carry_out(session, collection.id or 0)
    card_collections.sync(session, collection.intent_id or "")
    assert market.balance("517") == invoice.total
    check_fec(fec_file(session, 2026))


def test_events_that_come_twice_late_and_out_of_order_change_nothing_more(
    market: Market, approver: Actor, peer: str, site: Site
) -> None:
    session = market.world.session
    give_card(session, peer, approver)
    invoice = invoiced(market)
    collection = collected(market, invoice)
    intent = {"object": "payment_intent", "id": collection.intent_id}
    charge = {"object": "charge", "id": "ch_1", "payment_intent": collection.intent_id}
    events = [
        event_of("evt_3", "payment_intent.succeeded", intent),
        event_of("evt_1", "payment_intent.payment_failed", intent),  # an older try, told late
        event_of("evt_3", "payment_intent.succeeded", intent),
        event_of("evt_2", "charge.succeeded", charge),
        event_of("evt_4", "payment_intent.succeeded", {"object": "payment_intent", "id": "pi_ofsomebodyelse"}),
    ]
    for event in events:
        body, signature = signed(event)
        answer = site.post("/webhooks/stripe", content=body, headers={"Stripe-Signature": signature})
        assert answer.status_code == 200
    work(session)
    assert len(session.exec(select(StripeEvent)).all()) == 4
    assert (market.balance("411"), market.balance("517")) == (0, invoice.total)
    assert session.scalar(text("SELECT count(*) FROM payments")) == 1


def test_an_event_that_stripe_did_not_sign_is_refused(market: Market, peer: str, site: Site) -> None:
    body, _signature = signed(event_of("evt_1", "payment_intent.succeeded", {"object": "payment_intent", "id": "pi_1"}))
    for signature in ("", "t=1,v1=00", signed({}, "whsec_another")[1]):
        answer = site.post("/webhooks/stripe", content=body, headers={"Stripe-Signature": signature})
        assert (answer.status_code, "not signed" in answer.text) == (422, True)
    with pytest.raises(InvalidInput):
        receive_event(market.world.session, b"no json", "t=1,v1=00")


def test_goods_that_go_back_are_paid_back_to_the_card(market: Market, approver: Actor, peer: str) -> None:
    session = market.world.session
    give_card(session, peer, approver)
    invoice = invoiced(market)
    collection = collected(market, invoice)
    manager = market.world.a_manager()
    record_return(session, manager, "R1-VOSGES", market.firms[0].code, market.gloves.sku, 3, "Trop petits")
    issued = market.invoice()
    credit = next(one for one in issued if one.corrects_id == invoice.id)
    assert (credit.number, credit.reason) == ("AV-VOSGES-2026-000001", "Trop petits")
    work(session)
    session.refresh(collection)
    assert collection.received == invoice.total - credit.total
    assert (market.balance("411"), market.balance("517")) == (0, collection.received)
    intent = stripe_peer.at_peer(peer, f"payment_intents/{collection.intent_id}")
    assert intent["latest_charge"]["amount_refunded"] == credit.total * 100
    card_collections.pay_back_excess(session, invoice.id or 0)
    work(session)
    assert len(session.exec(select(Refund)).all()) == 1


def test_a_bank_that_asks_its_owner_is_answered_on_the_page(
    market: Market, approver: Actor, peer: str, site: Site
) -> None:
    session = market.world.session
    give_card(session, peer, approver, stripe_peer.ASKS_ALWAYS)
    invoice = invoiced(market)
    collection = collected(market, invoice)
    assert (collection.status, market.balance("517")) == (CollectionStatus.ACTION_NEEDED, 0)
    mails = session.scalars(text("SELECT args->>'subject' FROM procrastinate_jobs WHERE args ? 'subject'")).all()
    assert f"Please confirm the payment of {invoice.number}" in mails
    page = site.get(f"/invoices/{invoice.number}/payment", approver)
    secret = page.text.split('data-stripe-secret="')[1].split('"')[0]
    assert peer in page.headers["Content-Security-Policy"]
    stripe_peer.answer_bank(peer, collection.intent_id or "", secret)
    assert site.post(f"/invoices/{invoice.number}/payment/confirmed", approver).status_code == 303
    assert "Paid. Thank you." in site.get(f"/invoices/{invoice.number}/payment", approver).text
    assert market.balance("517") == invoice.total


def test_an_owner_who_says_no_is_asked_for_another_way(market: Market, approver: Actor, peer: str, site: Site) -> None:
    session = market.world.session
    give_card(session, peer, approver, stripe_peer.ASKS_ALWAYS)
    invoice = invoiced(market)
    collection = collected(market, invoice)
    secret = stripe_peer.at_peer(peer, f"payment_intents/{collection.intent_id}")["client_secret"]
    stripe_peer.answer_bank(peer, collection.intent_id or "", secret, yes=False)
    card_collections.sync_stale(session)
    work(session)
    session.refresh(collection)
    assert collection.status in {CollectionStatus.FAILED, CollectionStatus.ACTION_NEEDED}
    assert (market.balance("411"), market.balance("517")) == (invoice.total, 0)
    page = site.get("/treasury", market.treasurer).text
    assert invoice.number in page


def test_a_declined_card_is_told_and_another_one_pays(market: Market, approver: Actor, peer: str, site: Site) -> None:
    session = market.world.session
    give_card(session, peer, approver, stripe_peer.DECLINED_LATER)
    invoice = invoiced(market)
    failed = collected(market, invoice)
    assert (failed.status, failed.failure) == (CollectionStatus.FAILED, "Your card was declined.")
    assert [one.number for one in failed_collections(session)] == [invoice.number]
    assert card_collections.collect_open(session, SYSTEM) == []
    assert "declined" in site.get(f"/invoices/{invoice.number}/payment", approver).text
    give_card(session, peer, approver)
    assert site.post(f"/invoices/{invoice.number}/payment", approver).status_code == 303
    work(session)
    assert (open_amount(session, invoice.id or 0), failed_collections(session)) == (0, [])


def test_a_debit_by_stripe_takes_the_place_of_the_banks(market: Market, approver: Actor, peer: str) -> None:
    session = market.world.session
    sign_mandate(session, approver, IBAN)
    setup = payment_methods.begin_setup(session, approver, MethodKind.SEPA_DEBIT)
    with pytest.raises(Conflict):
        payment_methods.keep_method(session, approver, setup.id)
    stripe_peer.confirm_setup(peer, setup.id, MethodKind.SEPA_DEBIT, IBAN)
    body, signature = signed(event_of("evt_s", "setup_intent.succeeded", {"object": "setup_intent", "id": setup.id}))
    assert receive_event(session, body, signature)
    work(session)
    method = payment_methods.method_of(session, market.firms[0].id or 0)
    assert method is not None
    assert (method.label, bool(method.mandate_reference)) == ("FR •••• 0189", True)
    assert mandate_of(session, market.firms[0].id or 0) is None
    assert payment_methods.keep_method(session, approver, setup.id) == method
    invoice = invoiced(market)
    collection = collected(market, invoice)
    assert (collection.status, market.balance("517")) == (CollectionStatus.SUCCEEDED, invoice.total)
    sign_mandate(session, approver, IBAN)
    assert payment_methods.method_of(session, market.firms[0].id or 0) is None


def test_a_debit_that_fails_days_later_leaves_the_invoice_open(market: Market, approver: Actor, peer: str) -> None:
    session = market.world.session
    setup = payment_methods.begin_setup(session, approver, MethodKind.SEPA_DEBIT)
    stripe_peer.confirm_setup(peer, setup.id, MethodKind.SEPA_DEBIT, "DE62370400440532013001")
    payment_methods.keep_method(session, approver, setup.id)
    invoice = invoiced(market)
    collection = collected(market, invoice)
    assert (collection.status, market.balance("517")) == (CollectionStatus.PROCESSING, 0)
    time.sleep(0.7)
    card_collections.sync_stale(session)
    work(session)
    assert (collection.status, market.balance("411")) == (CollectionStatus.FAILED, invoice.total)


def test_what_stripe_pays_out_leaves_its_account(market: Market, approver: Actor, peer: str) -> None:
    session = market.world.session
    give_card(session, peer, approver)
    invoice = invoiced(market)
    collected(market, invoice)
    import_statement(session, market.treasurer, camt(("B1", "CRDT", str(invoice.total), "STRIPE", "STRIPE PAYOUT X1")))
    assert (market.balance("517"), market.balance("471"), market.balance("512")) == (0, 0, invoice.total)


def test_only_the_firm_itself_gives_and_keeps_its_card(market: Market, approver: Actor, peer: str, site: Site) -> None:
    session = market.world.session
    other = market.world.an_actor(Role.APPROVER, company=market.firms[1])
    setup = payment_methods.begin_setup(session, approver, MethodKind.CARD)
    stripe_peer.confirm_setup(peer, setup.id, MethodKind.CARD, stripe_peer.VISA)
    with pytest.raises(NotFound):
        payment_methods.keep_method(session, other, setup.id)
    with pytest.raises(NotAllowed):
        payment_methods.begin_setup(session, market.world.a_buyer(), MethodKind.CARD)
    page = site.post("/invoices/how-we-pay/setup", approver, data={"kind": "card"}).text
    assert ("data-stripe-secret" in page, "sk_test" in page) == (True, False)
    assert site.post("/invoices/how-we-pay/kept", approver, data={"setup": setup.id}).status_code == 303
    assert "Visa •••• 4242" in site.get("/invoices/how-we-pay", approver).text
    invoice = invoiced(market)
    assert site.get(f"/invoices/{invoice.number}/payment", other).status_code == 404
    assert site.post("/invoices/how-we-pay/removal", approver).status_code == 303
    assert "On account" in site.get("/invoices/how-we-pay", approver).text


def test_no_key_and_no_number_stands_in_any_log_or_row(
    market: Market, approver: Actor, peer: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    session = market.world.session
    give_card(session, peer, approver)
    collection = collected(market, invoiced(market))
    kept = session.scalar(text("SELECT string_agg(a::text, '') FROM audit_entries a"))
    rows = "".join(map(repr, session.exec(select(Collection)).all()))
    secret = stripe_peer.at_peer(peer, f"payment_intents/{collection.intent_id}")["client_secret"]
    ours = [record.getMessage() for record in caplog.records if not record.name.startswith(("httpcore", "httpx"))]
    for never in (stripe_peer.VISA, get_settings().stripe_secret_key.get_secret_value(), secret):
        assert not any(never in line for line in ours)
        assert never not in f"{kept}{rows}{get_settings()!r}"


def test_without_keys_nobody_is_offered_a_card(market: Market, approver: Actor, site: Site) -> None:
    assert "By card" not in site.get("/invoices/how-we-pay", approver).text
    with pytest.raises(Conflict, match="takes no cards"):
        payment_methods.begin_setup(market.world.session, approver, MethodKind.CARD)
    assert card_collections.collect_open(market.world.session, SYSTEM) == []


def test_a_stripe_that_does_not_answer_is_asked_again(
    market: Market, approver: Actor, peer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = market.world.session
    give_card(session, peer, approver)
    invoice = invoiced(market)
    (made,) = card_collections.collect_open(session, SYSTEM, [invoice.id or 0])
    monkeypatch.setattr(get_settings(), "stripe_api_base", "http://127.0.0.1:9")
    with pytest.raises(Unavailable):
        card_collections.carry_out(session, made.id or 0)
    monkeypatch.setattr(get_settings(), "stripe_api_base", peer)
    work(session)
    assert open_amount(session, invoice.id or 0) == 0
    assert sum(row.balance for row in trial_balance(session, date(2026, 1, 1), date(2026, 12, 31))) == 0


def test_a_firm_writes_down_where_its_invoices_go(market: Market, site: Site) -> None:
    other = market.world.an_actor(Role.APPROVER, company=market.firms[1])
    form = {"street": "3 rue du Parc", "postal_code": "68200", "city": "Mulhouse", "siret": "443 061 841 00047"}
    assert site.post("/invoices/how-we-pay/address", other, data=form).status_code == 303
    taken = site.post("/invoices/how-we-pay/address", other, data=form | {"siret": "12"})
    assert taken.status_code == 422
    market.deliver("R1", (1, market.gloves, 5))
    invoice = market.of_kind(market.invoice(), InvoiceKind.MEMBER)[0]
    content = market.world.session.get_one(Transmission, invoice.id).content
    assert (b"3 rue du Parc" in content, b">443061841<" in content) == (True, True)


def test_firms_that_pay_by_card_are_invoiced_the_night_after_and_others_wait_for_the_month(
    market: Market, approver: Actor, peer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = market.world.session

    @contextmanager
    def transaction() -> Iterator[Session]:
        with session.begin_nested():
            yield session

    monkeypatch.setattr(card_collections, "transaction", transaction)
    give_card(session, peer, approver)
    market.deliver("R1", (0, market.gloves, 10), (1, market.gloves, 10))
    with clock.frozen(clock.now() + timedelta(hours=14)):
        for _time in range(2):
            card_collections.invoice_card_payers()
            work(session)
    (invoice,) = session.exec(select(IssuedInvoice)).all()
    assert (invoice.company_id, open_amount(session, invoice.id or 0)) == (market.firms[0].id, 0)
    assert market.balance("517") == invoice.total
    (later, commission) = market.invoice()
    assert (later.company_id, commission.company_id) == (market.firms[1].id, None)


def test_nothing_is_locked_while_stripe_is_asked(
    market: Market, approver: Actor, peer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = market.world.session
    give_card(session, peer, approver)
    (made,) = card_collections.collect_open(session, SYSTEM, [invoiced(market).id or 0])
    asked: list[bool] = []
    for name in ("collect", "read_collection"):
        call = getattr(gateway, name)

        def seen(*given: Any, _call: Any = call, **named: Any) -> Any:
            asked.append(session.in_transaction())
            return _call(*given, **named)

        monkeypatch.setattr(gateway, name, seen)
    card_collections.carry_out(session, made.id or 0)
    card_collections.sync(session, made.intent_id or "")
    assert len(asked) >= 2 and not any(asked)


def test_of_two_who_look_at_once_neither_books_what_the_other_has(
    market: Market, approver: Actor, peer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = market.world.session
    give_card(session, peer, approver)
    invoice = invoiced(market)
    (made,) = card_collections.collect_open(session, SYSTEM, [invoice.id or 0])
    work(session)
    before = gateway.read_collection(made.intent_id or "", connect=False)
    read = gateway.read_collection
    slow = [True]

    def read_late(intent_id: str, *, connect: bool) -> gateway.Snapshot:
        """The first to ask gets its answer after the second has taken in a later one."""
        if slow.pop() if slow else False:
            card_collections.sync(session, intent_id)
            return before._replace(received=D(0))
        return read(intent_id, connect=connect)

    monkeypatch.setattr(gateway, "read_collection", read_late)
    card_collections.sync(session, made.intent_id or "")
    assert open_amount(session, invoice.id or 0) == 0
    work(session)
    assert (open_amount(session, invoice.id or 0), made.received) == (0, invoice.total)
