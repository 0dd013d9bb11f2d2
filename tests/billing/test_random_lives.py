"""Whatever happens in whatever order, everybody pays and is paid exactly what is due.

Rounds come short or whole, goods go back, invoices are issued and credited, firms pay by card or transfer, too much or
in parts; cards are declined, debits come back, events of Stripe come twice, late and out of order, runs are repeated.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree
from sqlalchemy import text
from sqlmodel import select

from app.accounts.actor import SYSTEM, Actor
from app.accounts.permissions import Role
from app.accounts.service import get_association
from app.billing.invoicing.credit_notes import credit_invoice
from app.billing.invoicing.invoice import InvoiceKind
from app.billing.invoicing.models import IssuedInvoice
from app.billing.invoicing.queries import open_amount
from app.billing.payments import card_collections
from app.billing.payments.bank_matching import import_statement
from app.billing.payments.direct_debits import make_debits, sign_mandate
from app.billing.payments.models.cards import Collection
from app.billing.payments.queries import list_to_collect
from app.billing.payments.stripe_events import receive_event
from app.billing.payments.supplier_payments import excesses, make_transfers, payables
from app.commission.ledger.books import fec_file
from app.core import clock
from app.core.errors import DomainError
from app.core.money import ZERO
from app.orders.fulfilment.returns import record_return
from tests.billing import peer as stripe_peer
from tests.billing.invoicing.test_issue import check_fec
from tests.billing.market import Market, two_set_iban
from tests.billing.payments.test_supplier_payments import IBAN, camt
from tests.billing.peer import at_peer, event_of, give_card, signed, work

OTHER_IBAN = "FR1420041010050500013M02606"


class Life:
    """A market in which things happen; chance decides about what and how much."""

    def __init__(self, market: Market, peer: str, chance: Random, approvers: list[Actor]) -> None:
        self.market, self.peer, self.chance, self.approvers = market, peer, chance, approvers
        self.session = market.world.session
        self.rounds = self.movements = self.events = 0

    def deliver(self) -> None:
        """A round comes, sometimes short."""
        chance, market = self.chance, self.market
        orders = [(firm, offer, chance.randint(1, 24)) for firm in (0, 1) for offer in (market.gloves, market.lamp)
                  if chance.random() < 0.7] or [(0, market.gloves, 5)]  # fmt: skip
        ordered = {offer.sku: 0 for _firm, offer, _units in orders}
        for _firm, offer, units in orders:
            ordered[offer.sku] += units
        came = {sku: chance.randint(0, units) for sku, units in ordered.items() if chance.random() < 0.3}
        market.deliver(f"R{self.rounds}", *orders, came=came)
        self.rounds += 1

    def invoice(self) -> None:
        """Whatever is due is invoiced, whatever is too much credited."""
        self.market.invoice()

    def give_back(self) -> None:
        """A firm gives back some of what it keeps."""
        found = self.session.execute(text("""
            SELECT so.number, c.code, f.sku, sum(a.received_quantity) AS units FROM allocations a
            JOIN supplier_orders so ON so.id = a.supplier_order_id JOIN order_lines l ON l.id = a.order_line_id
            JOIN member_orders o ON o.id = l.order_id JOIN companies c ON c.id = o.company_id
            JOIN offers f ON f.id = a.offer_id WHERE a.received_quantity > 0
            GROUP BY so.id, c.id, f.id ORDER BY so.number, c.code, f.sku""")).all()  # fmt: skip
        if found:
            one = self.chance.choice(found)
            units = self.chance.randint(1, one.units)
            record_return(self.session, self.market.world.a_manager(), one.number, one.code, one.sku, units, "Retour")

    def credit(self) -> None:
        """An invoice was wrong: it is credited whole, and due again."""
        invoice = self._one_invoice()
        if invoice is not None:
            self._try(lambda: credit_invoice(self.session, self.market.treasurer, invoice.number, "Erreur"))

    def transfer_in(self) -> None:
        """A firm pays by transfer: exactly, in part or too much; the statement is imported twice."""
        invoice = self._one_invoice()
        if invoice is not None:
            amount = max(invoice.total * self.chance.choice([1, 1, 1, 2]) / self.chance.choice([1, 1, 3]), 1)
            self._move("CRDT", Decimal(amount).quantize(Decimal("0.01")), invoice.number)

    def card(self) -> None:
        """A firm gives a card, good or bad."""
        number = self.chance.choice([stripe_peer.VISA, stripe_peer.VISA, stripe_peer.DECLINED_LATER])
        give_card(self.session, self.peer, self.approvers[0], number)

    def debit(self) -> None:
        """The other firm's invoices are debited by the bank; some debits come back."""
        if self.chance.random() < 0.5:
            sign_mandate(self.session, self.approvers[1], IBAN)
        with clock.frozen(datetime.combine(clock.today() + timedelta(days=90), datetime.min.time(), clock.PARIS)):
            self._try(lambda: make_debits(self.session, self.market.treasurer))
        rows = self.session.execute(text("""
            SELECT i.number, d.amount FROM direct_debits d JOIN issued_invoices i ON i.id = d.invoice_id
            WHERE d.returned_at IS NULL AND NOT EXISTS (SELECT FROM payments p WHERE p.invoice_id = i.id)
            ORDER BY i.id""")).all()  # fmt: skip
        for number, amount in rows:
            self._move("CRDT", amount, number)
            if self.chance.random() < 0.4:
                self._move("DBIT", amount, number)

    def collect(self) -> None:
        """What is open is collected, also again; jobs run in any order."""
        card_collections.collect_open(self.session, SYSTEM, again=self.chance.random() < 0.5)
        work(self.session, self.chance)

    def tell(self) -> None:
        """Stripe tells of collections: any event of any time, twice."""
        found = [one.intent_id for one in self.session.exec(select(Collection)) if one.intent_id]
        for intent in self.chance.sample(found, len(found) // 2):
            self.events += 1
            type_ = self.chance.choice(["payment_intent.succeeded", "payment_intent.payment_failed", "charge.refunded"])
            event = event_of(f"evt_{self.chance.random()}", type_, {"object": "payment_intent", "id": intent})
            for _time in range(self.chance.randint(1, 2)):
                receive_event(self.session, *signed(event))
        work(self.session, self.chance)

    def pay_out(self) -> None:
        """Suppliers, and firms that paid too much, are paid by a file; the bank does it."""
        try:
            with self.session.begin_nested():
                content = make_transfers(self.session, self.market.treasurer).content
        except DomainError:
            return
        for one in etree.fromstring(content).iter("{*}CdtTrfTxInf"):
            self._move("DBIT", Decimal(one.findtext(".//{*}InstdAmt") or "0"), one.findtext(".//{*}EndToEndId") or "")

    def settle(self) -> None:
        """In the end everything is invoiced, paid, paid back and paid out."""
        for _time in range(3):
            self.invoice()
            work(self.session, self.chance)
            for row in list_to_collect(self.session, None, 1000).items:
                self._move("CRDT", row.open, row.number)
            self.pay_out()

    def _one_invoice(self) -> IssuedInvoice | None:
        query = select(IssuedInvoice).where(IssuedInvoice.kind == InvoiceKind.MEMBER).order_by(IssuedInvoice.number)
        found = self.session.exec(query).all()
        return self.chance.choice(found) if found else None

    def _move(self, sign: str, amount: Decimal, words: str) -> None:
        self.movements += 1
        statement = camt((f"B{self.movements}", sign, str(amount), "K", words))
        for _time in range(self.chance.randint(1, 2)):
            import_statement(self.session, self.market.treasurer, statement)

    def _try(self, do: Callable[[], object]) -> None:
        try:
            with self.session.begin_nested():
                do()
        except DomainError:
            pass


ACTIONS = ("deliver", "invoice", "give_back", "credit", "transfer_in", "card", "debit", "collect", "tell", "pay_out")


@given(actions=st.lists(st.sampled_from(ACTIONS), max_size=14), seed=st.integers(0, 10**6))
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_happens_everybody_pays_and_is_paid_exactly_what_is_due(
    market: Market, peer: str, actions: list[str], seed: int
) -> None:
    session = market.world.session
    session.commit()
    outer = session.get_bind().begin_nested()  # type: ignore[union-attr]  # commits of a life reach no further
    try:
        _live(market, peer, actions, seed)
    finally:
        session.rollback()
        outer.rollback()
        session.expire_all()


def _live(market: Market, peer: str, actions: list[str], seed: int) -> None:
    session = market.world.session
    approvers = [market.world.an_actor(Role.APPROVER, company=firm) for firm in market.firms]
    get_association(session).creditor_id = "FR72ZZZ123456"
    for code in ("VOSGES", *(firm.code for firm in market.firms)):
        two_set_iban(session, market.treasurer, code, OTHER_IBAN)
    life = Life(market, peer, Random(seed), approvers)
    for action in ["deliver", *actions]:
        getattr(life, action)()
        check_books(life)
    life.settle()
    check_books(life)
    check_settled(life)


def amount(life: Life, query: str) -> Decimal:
    return Decimal(life.session.scalar(text(query)) or 0)


def check_books(life: Life) -> None:
    """At any time: entries balance, what firms owe is what is open, Stripe and we agree, nobody is paid too much."""
    assert amount(life, "SELECT sum(debit - credit) FROM postings") == 0
    for firm in life.market.firms:
        owed = amount(
            life, f"SELECT sum(debit - credit) FROM postings WHERE account = '411' AND company_id = {firm.id}"
        )
        keys = life.session.scalars(
            text("SELECT id FROM issued_invoices WHERE kind = 'member' AND company_id = :id"), {"id": firm.id}
        )
        assert owed == sum((open_amount(life.session, key) for key in keys), ZERO)
    for collection in life.session.exec(select(Collection)):
        if collection.intent_id and collection.status == "succeeded":
            charge = at_peer(life.peer, f"payment_intents/{collection.intent_id}")["latest_charge"]
            assert collection.received * 100 == charge["amount"] - charge["amount_refunded"]
    assert life.market.balance("517") == amount(life, "SELECT sum(received) FROM collections")
    assert life.market.balance("517") == amount(life, "SELECT sum(amount) FROM payments WHERE collection_id > 0")
    assert life.market.balance("512") == amount(life, "SELECT sum(amount) FROM bank_movements")
    waits = "SELECT sum(rest * sign(amount)) FROM (SELECT m.amount, abs(m.amount) - coalesce(sum(abs(p.amount)), 0)"
    waits += " AS rest FROM bank_movements m LEFT JOIN payments p ON p.movement_id = m.id"
    waits += " WHERE NOT EXISTS (SELECT FROM transfers t WHERE t.movement_id = m.id) GROUP BY m.id) found"
    assert -life.market.balance("471") == amount(life, waits)
    assert -life.market.balance("7082") == amount(life, "SELECT sum(commission) FROM allocations")


def check_settled(life: Life) -> None:
    """Once settled: members paid for what they keep, commission is that of its lines, nothing is open anywhere."""
    net = "SELECT sum(CASE kind WHEN 'credit_note' THEN -net_amount ELSE net_amount END) FROM issued_invoices WHERE "
    kept = amount(life, "SELECT sum(amount) FROM allocations WHERE served > 0")
    eco = amount(life, """SELECT sum(i.units * f.eco_contribution) FROM invoiced_lines i
        JOIN order_lines l ON l.id = i.order_line_id JOIN offers f ON f.id = l.offer_id""")  # fmt: skip
    fees = amount(life, "SELECT sum(amount) FROM invoiced_fees")
    assert amount(life, net + "company_id IS NOT NULL") == kept + eco + fees
    units = amount(life, "SELECT sum(units) FROM invoiced_lines")
    assert units == amount(life, "SELECT sum(served) FROM allocations")
    assert amount(life, net + "company_id IS NULL") == amount(life, "SELECT sum(commission) FROM allocations")
    market = life.market
    assert market.balance("411") == 0
    assert excesses(life.session) == []
    (payable,) = payables(life.session) or (None,)
    if payable is not None:
        assert payable.amount == 0
        assert -market.balance("401") == payable.paid_in - payable.commission - payable.transferred <= 0
    check_fec(fec_file(life.session, 2026))


def test_a_life_with_everything_in_it_is_settled(market: Market, peer: str) -> None:
    happens = [
        "card",
        "invoice",
        "collect",
        "tell",
        *ACTIONS,
        *reversed(ACTIONS),
        "debit",
        "debit",
        "pay_out",
        "give_back",
    ]
    _live(market, peer, happens, 12)
    for what in _HAPPENED:
        assert market.world.session.scalar(text(f"SELECT count(*) FROM {what}")), what


_HAPPENED = (
    "collections WHERE received > 0", "refunds WHERE stripe_id IS NOT NULL", "direct_debits WHERE returned_at IS NULL",
    "direct_debits WHERE returned_at IS NOT NULL", "goods_returns", "issued_invoices WHERE kind = 'credit_note'",
    "transfers WHERE supplier_id IS NOT NULL", "transfers WHERE invoice_id IS NOT NULL", "stripe_events",
    "payments WHERE amount < 0 AND movement_id IS NOT NULL", "payments WHERE amount < 0 AND collection_id IS NOT NULL",
)  # fmt: skip
