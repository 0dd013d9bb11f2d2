"""Suppliers paid directly (Connect), which the peer lacks: requests and answers held to Stripe's published fixtures."""

import json
from copy import deepcopy
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
import stripe

from app.accounts.actor import SYSTEM, Actor
from app.billing.invoicing.invoice import InvoiceKind
from app.billing.invoicing.models import IssuedInvoice
from app.billing.payments import card_collections, connected_accounts, payment_methods
from app.billing.payments import stripe_gateway as gateway
from app.billing.payments.bank_matching import import_statement
from app.billing.payments.models.cards import Collection, CollectionStatus, MethodKind, StripeAccount
from app.billing.payments.stripe_events import receive_event
from app.billing.payments.supplier_payments import make_transfers, payables
from app.core import clock
from app.core.settings import get_settings
from app.demo import card_peer
from app.orders.fulfilment.returns import record_return
from tests.billing.market import Market, two_set_iban
from tests.billing.payments.test_supplier_payments import camt
from tests.billing.peer import event_of, signed, work
from tests.site import Site

D = Decimal
FIXTURES: dict[str, Any] = json.loads((Path(__file__).parents[1] / "data" / "stripe_fixtures.json").read_text())[
    "resources"
]
ASKED_ONLY = {"confirm", "off_session"}  # of requests; what is made does not say so


class Account(stripe.HTTPClient):
    """Answers like Stripe with its fixtures, and keeps what it was asked; one payment, whose figures are set here."""

    name = "fixtures"

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[str, str, dict[str, str], dict[str, str]]] = []
        self.amount = self.fee = self.refunded = self.reversed = self.fee_refunded = 0
        self.own_fee = 0
        self.status, self.disputes = "succeeded", list[dict[str, Any]]()
        self.enabled, self.destination = False, ""

    def request(self, method: str, url: str, headers: Any, post_data: Any = None) -> tuple[str, int, dict[str, str]]:
        path = url.split("/v1/")[1].split("?", maxsplit=1)[0]
        given = {name: values[0] for name, values in parse_qs(post_data or "").items()}
        self.asked.append((method, path, given, dict(headers)))
        return json.dumps(self._answer(method, path, given)), 200, {"request-id": "req_1"}

    def close(self) -> None:
        return None

    def _answer(self, method: str, path: str, given: dict[str, str]) -> dict[str, Any]:
        match path.split("/"):
            case ["payment_intents", *_] as parts:
                if method == "post" and len(parts) == 1:
                    self.amount = int(given["amount"])
                    self.fee = int(given.get("application_fee_amount", 0))
                    self.destination = given.get("transfer_data[destination]", "")
                return self._intent()
            case ["refunds"]:
                self.refunded += int(given["amount"])
                if given.get("reverse_transfer") == "true":
                    self.reversed = self.refunded
                    self.fee_refunded = self.fee * self.refunded // self.amount
                return FIXTURES["refund"] | {"id": f"re_{self.refunded}"}
            case ["disputes"]:
                return {"object": "list", "data": self.disputes, "has_more": False, "url": "/v1/disputes"}
            case ["accounts", *_]:
                return FIXTURES["account"] | {"id": "acct_vosges", "charges_enabled": self.enabled}
            case ["account_links"]:
                return deepcopy(FIXTURES["account_link"])
        raise AssertionError(path)

    def _intent(self) -> dict[str, Any]:
        charge = FIXTURES["charge"] | {
            "amount": self.amount, "amount_refunded": self.refunded, "status": "succeeded",
            "disputed": bool(self.disputes),
            "balance_transaction": FIXTURES["balance_transaction"] | {"fee": self.own_fee},
        }  # fmt: skip
        if self.destination:
            transfer = {"amount": self.amount, "amount_reversed": self.reversed, "destination": self.destination}
            charge["transfer"] = FIXTURES["transfer"] | transfer
            fee = {"amount": self.fee, "amount_refunded": self.fee_refunded}
            charge["application_fee"] = FIXTURES["application_fee"] | fee
        return FIXTURES["payment_intent"] | {
            "id": "pi_vosges", "status": self.status, "last_payment_error": None,
            "latest_charge": charge if self.status == "succeeded" else None,
        }  # fmt: skip


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Account:
    """Stripe with its fixtures."""
    for name, value in card_peer.settings_for("https://api.stripe.com").items():
        monkeypatch.setattr(get_settings(), name, value)
    made = Account()
    client = stripe.StripeClient(card_peer.SECRET_KEY, http_client=made)
    monkeypatch.setattr(gateway, "_client", lambda _key, _base: client)
    return made


def a_card(market: Market) -> None:
    """The first firm has a card, as if it had given it."""
    session, company_id = market.world.session, market.firms[0].id or 0
    session.add(payment_methods.StripeCustomer(company_id=company_id, customer_id="cus_1"))
    session.flush()
    payment_methods._keep(session, company_id, gateway.KeptMethod("cus_1", "pm_1", MethodKind.CARD, "Visa", ""), "test")


def joined(market: Market) -> None:
    """The supplier has an account that takes charges."""
    session = market.world.session
    session.add(StripeAccount(supplier_id=market.supplier.id or 0, account_id="acct_vosges", charges_enabled=True,
                              opened_at=clock.now()))  # fmt: skip
    session.flush()


def collected(market: Market) -> tuple[IssuedInvoice, IssuedInvoice, Collection]:
    """An invoice, the commission invoice, and the collection of the first."""
    market.deliver("R1", (0, market.gloves, 10), (0, market.lamp, 1))
    issued = market.invoice()
    (invoice,), (commission,) = (market.of_kind(issued, kind) for kind in (InvoiceKind.MEMBER, InvoiceKind.COMMISSION))
    (made,) = card_collections.collect_open(market.world.session, SYSTEM, [invoice.id or 0])
    work(market.world.session)
    return invoice, commission, made


def test_a_supplier_opens_an_account_and_is_paid_to_once_stripe_takes_charges(
    market: Market, account: Account, site: Site
) -> None:
    session = market.world.session
    speaker = market.speaker()
    answer = site.post("/supplier/payouts/account", speaker)
    assert (answer.status_code, answer.headers["Location"]) == (303, FIXTURES["account_link"]["url"])
    (_, path, given, headers), (_, link_path, link, _) = account.asked
    assert (path, given["type"], given["country"]) == ("accounts", "express", "FR")
    assert {name.split("[")[0] for name in given} <= set(FIXTURES["account"])
    assert {name.split("[")[1].rstrip("]") for name in given if name.startswith("capabilities")} <= set(
        FIXTURES["account"]["capabilities"]) | {"transfers"}  # fmt: skip
    assert headers["Idempotency-Key"] == f"account-{market.supplier.id}"
    assert (link_path, link["account"], link["type"]) == ("account_links", "acct_vosges", "account_onboarding")
    site.post("/supplier/payouts/account", speaker)
    assert [asked[1] for asked in account.asked].count("accounts") == 1
    account.enabled = True
    body, signature = signed(event_of("evt_a", "account.updated", {"object": "account", "id": "acct_vosges"}))
    assert receive_event(session, body, signature)
    work(session)
    assert session.get_one(StripeAccount, market.supplier.id).charges_enabled
    assert "pay into your own account" in site.get("/supplier/payouts", speaker).text


def test_a_destination_charge_leaves_the_association_its_commission(market: Market, account: Account) -> None:
    a_card(market)
    joined(market)
    account.own_fee = 35
    invoice, commission, collection = collected(market)
    _, path, given, headers = account.asked[0]
    assert path == "payment_intents"
    assert {name.split("[")[0] for name in given} - ASKED_ONLY <= set(FIXTURES["payment_intent"])
    assert given["transfer_data[destination]"] == "acct_vosges"
    assert D(given["application_fee_amount"]) == commission.total * 100
    assert headers["Idempotency-Key"] == f"collect-COL{collection.id:08d}"
    assert collection.to_supplier == invoice.total - commission.total
    assert market.balance("411") == market.balance("401") == 0
    assert (market.balance("517"), market.balance("627")) == (commission.total - D("0.35"), D("0.35"))
    (payable,) = payables(market.world.session)
    assert (payable.amount, payable.transferred) == (0, collection.to_supplier)


def test_a_refund_of_a_destination_charge_takes_its_part_from_the_supplier_and_our_fee(
    market: Market, account: Account
) -> None:
    session = market.world.session
    a_card(market)
    joined(market)
    invoice, commission, collection = collected(market)
    record_return(session, market.world.a_manager(), "R1-VOSGES", market.firms[0].code, market.gloves.sku, 4, "Retour")
    credited = market.invoice()
    back = sum(one.total for one in credited if one.company_id)
    ours_back = sum(one.total for one in credited if not one.company_id)
    work(session)
    given = next(asked[2] for asked in account.asked if asked[1] == "refunds")
    assert {name.split("[")[0] for name in given} - {"reverse_transfer", "refund_application_fee"} <= set(
        FIXTURES["refund"])  # fmt: skip
    assert (given["amount"], given["reverse_transfer"], given["refund_application_fee"]) == (
        str(int(back * 100)), "true", "true")  # fmt: skip
    session.refresh(collection)
    assert collection.received == invoice.total - back
    (payable,) = payables(session)
    due = invoice.total - back - commission.total + ours_back
    assert payable.paid_in - payable.commission == due
    assert -market.balance("401") == due - collection.to_supplier
    assert payable.amount == max(due - collection.to_supplier, D(0))


def test_a_dispute_takes_the_money_back_until_it_is_won(market: Market, account: Account) -> None:
    session = market.world.session
    a_card(market)
    invoice, _commission, collection = collected(market)
    account.disputes = [FIXTURES["dispute"] | {"amount": account.amount, "status": "needs_response"}]
    for event_id in ("evt_d1", "evt_d1", "evt_d2"):
        about = FIXTURES["dispute"] | {"payment_intent": "pi_vosges"}
        receive_event(session, *signed(event_of(event_id, "charge.dispute.funds_withdrawn", about)))
    work(session)
    session.refresh(collection)
    assert (collection.received, market.balance("411"), market.balance("517")) == (0, invoice.total, 0)
    account.disputes[0]["status"] = "won"
    card_collections.sync(session, "pi_vosges")
    assert (market.balance("411"), market.balance("517")) == (0, invoice.total)


def test_what_is_under_way_pays_nothing_yet(market: Market, account: Account) -> None:
    a_card(market)
    account.status = "processing"
    invoice, _commission, collection = collected(market)
    assert (collection.status, market.balance("411")) == (CollectionStatus.PROCESSING, invoice.total)
    account.status = "succeeded"
    card_collections.sync_stale(market.world.session)
    work(market.world.session)
    assert (collection.status, market.balance("411")) == (CollectionStatus.SUCCEEDED, 0)


def test_suppliers_paid_directly_get_no_transfer_for_it(market: Market, account: Account, approver: Actor) -> None:
    session, treasurer = market.world.session, market.treasurer
    a_card(market)
    joined(market)
    collected(market)
    two_set_iban(session, treasurer, "VOSGES", "FR14 2004 1010 0505 0001 3M02 606")
    market.deliver("R2", (1, market.gloves, 10))
    issued = market.invoice()
    (second,) = market.of_kind(issued, InvoiceKind.MEMBER)
    (commission,) = market.of_kind(issued, InvoiceKind.COMMISSION)
    import_statement(session, treasurer, camt(("B1", "CRDT", str(second.total), "L", second.number)))
    (payable,) = payables(session)
    assert payable.amount == second.total - commission.total
    assert str(payable.amount).encode() in make_transfers(session, treasurer).content
    assert connected_accounts.own_account(session, market.speaker()) is not None
