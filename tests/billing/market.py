"""A market for tests of billing: firms with their numbers, an order that came."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import text
from sqlmodel import Session

from app.accounts.actor import COMMAND_LINE, Actor, actor_for
from app.accounts.models import Company
from app.accounts.permissions import Role
from app.accounts.service import get_association
from app.billing.invoicing.invoice import InvoiceKind
from app.billing.invoicing.models import IssuedInvoice
from app.billing.invoicing.runs import end_of, invoice_supplier
from app.billing.payments.supplier_payments import set_iban
from app.catalog.models import Offer, Supplier
from app.catalog.suppliers import add_supplier_user
from app.commission.service import create_rule
from app.core import clock
from app.orders.consolidation.drops import Arrival
from app.orders.fulfilment.receipts import receive_drop
from tests.factories import World

SIRETS = ("73282932000074", "40483304800022", "55210055400013")


def two_set_iban(session: Session, actor: Actor, code: str, iban: str) -> None:
    """Somebody asks for an account, and a second person confirms it."""
    set_iban(session, actor, code, iban)
    set_iban(session, COMMAND_LINE, code, iban)


@dataclass
class Market:
    """An association with its SIRET, a supplier of two articles, two firms; orders come by `deliver`."""

    world: World
    supplier: Supplier
    gloves: Offer
    lamp: Offer
    firms: list[Company]
    treasurer: Actor

    @classmethod
    def of(cls, world: World) -> "Market":
        association = get_association(world.session)
        association.siret, association.name, association.city = SIRETS[2], "Les Collines", "Mulhouse"
        association.iban = "FR7630006000011234567890189"
        supplier = world.a_supplier(
            "VOSGES", siret=SIRETS[0], country="FR", city="Épinal", postal_code="88000",
            free_delivery_from=Decimal(500), delivery_fee=Decimal("12.00"),
        )  # fmt: skip
        gloves = world.an_offer(supplier, ((1, "8.6333"), (20, "7.9111")), name="Gants")
        lamp = world.an_offer(supplier, ((1, "31.50"),), name="Lampe", eco_contribution=Decimal("0.1200"))
        firms = [world.a_company(), world.a_company()]
        firms[0].siret = SIRETS[1]
        create_rule(world.session, COMMAND_LINE, percent=Decimal("3.50"))
        world.session.flush()
        return cls(world, supplier, gloves, lamp, firms, world.an_actor(Role.TREASURER))

    def deliver(self, code: str, *orders: tuple[int, Offer, int], came: dict[str, int] | None = None) -> None:
        """A round of orders `(firm, offer, units)`, sent and received: what is not named came whole."""
        purchasing_round = self.world.an_open_round(code)
        for firm, offer, units in orders:
            self.world.an_order(purchasing_round, (offer, units), buyer=self.world.a_buyer(self.firms[firm]))
        self.world.play(code)
        arrivals = [Arrival(sku, units) for sku, units in (came or {}).items()]
        receive_drop(self.world.session, COMMAND_LINE, f"{code}-VOSGES", "nord", arrivals)

    def invoice(self, month: date | None = None) -> list[IssuedInvoice]:
        """Issue everything of the supplier that is due until the end of a month (or of this one)."""
        before = end_of((month or clock.today()).replace(day=1))
        return list(invoice_supplier(self.world.session, self.treasurer, self.supplier.id or 0, before))

    def balance(self, account: str) -> Decimal:
        """Debit less credit of an account."""
        query = text("SELECT coalesce(sum(debit - credit), 0) FROM postings WHERE account = :account")
        return Decimal(self.world.session.scalar(query, {"account": account}) or 0)

    def speaker(self) -> Actor:
        """Somebody of the supplier's."""
        person = add_supplier_user(self.world.session, COMMAND_LINE, "VOSGES", email="anne@vosges.example", name="Anne")
        person.locale = "en"
        return actor_for(person)

    def of_kind(self, issued: list[IssuedInvoice], kind: InvoiceKind) -> list[IssuedInvoice]:
        return [one for one in issued if one.kind is kind]
