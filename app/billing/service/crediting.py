"""A credit note takes an invoice back, whole: a document of its own, never a change of the first.

What the invoice asked for is due again then, and stands on the next one: so a wrong address or rate is put right. What
a member does not keep is a return of goods (see `reducing`).
"""

from decimal import Decimal
from io import BytesIO

from lxml import etree
from sqlalchemy import text
from sqlmodel import Session, select

from app.accounts.actor import Actor
from app.accounts.models import Association, Company
from app.accounts.permissions import Permission
from app.accounts.service import get_association
from app.billing.invoice import InvoiceKind, InvoiceLine
from app.billing.models import IssuedInvoice
from app.billing.service.issuing import (
    Draft,
    archived,
    association_party,
    buyer_of,
    get_invoice,
    issue,
    seller_of,
    unnumbered,
)
from app.catalog.models import Supplier
from app.core import clock
from app.core.errors import Conflict, InvalidInput
from app.orders.documents.parties import Party
from app.orders.documents.totals import Charge

_RAM = "{urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100}"


def credit_invoice(session: Session, actor: Actor, number: str, reason: str) -> IssuedInvoice:
    """Credit an invoice whole, with the reason. Raises `Conflict` for a credit note, or where there is one already."""
    actor.require(Permission.MANAGE_COMMISSION)
    if not reason.strip():
        raise InvalidInput("Say why the invoice is credited: it stands on the credit note.", field="reason")
    first = get_invoice(session, actor, number)
    if first.kind is InvoiceKind.CREDIT_NOTE:
        raise Conflict("A credit note is not credited.", code="not_creditable")
    if session.exec(select(IssuedInvoice.id).where(IssuedInvoice.corrects_id == first.id)).first() is not None:
        raise Conflict("This invoice is credited already, whole or in part.", code="credited_already")
    association = get_association(session)
    seller, buyer = _parties(session, association, first)
    lines, charges = _content_of(archived(session, first))
    today = clock.today()
    invoice = unnumbered(
        InvoiceKind.CREDIT_NOTE, today, today, seller, buyer, lines=lines, charges=charges,
        corrects=(first.number, first.issued_on), reason=reason.strip()[:500],
        mandate=association.name if first.kind is InvoiceKind.MEMBER and not first.own_name else "",
    )  # fmt: skip
    stored = issue(
        session,
        actor,
        Draft(f"AV-{first.series}", invoice, first.supplier_id, first.company_id, first.id, first.own_name),
    )
    for statement in _DUE_AGAIN:
        session.execute(text(statement), {"credit": stored.id, "first": first.id})
    return stored


_DUE_AGAIN = (
    """INSERT INTO invoiced_lines (order_line_id, invoice_id, units, amount)
       SELECT order_line_id, :credit, -units, -amount FROM invoiced_lines WHERE invoice_id = :first""",
    """INSERT INTO invoiced_fees (supplier_order_id, company_id, invoice_id, amount)
       SELECT supplier_order_id, company_id, :credit, -amount FROM invoiced_fees WHERE invoice_id = :first""",
    """INSERT INTO invoiced_commissions (supplier_order_id, invoice_id, amount)
       SELECT supplier_order_id, :credit, -amount FROM invoiced_commissions WHERE invoice_id = :first""",
)


def _parties(session: Session, association: Association, first: IssuedInvoice) -> tuple[Party, Party]:
    """Who sold and who bought what an invoice is for."""
    company = session.get(Company, first.company_id) if first.company_id else None
    supplier = session.get(Supplier, first.supplier_id) if first.supplier_id else None
    sold_by_supplier = supplier is not None and company is not None and not first.own_name
    seller = seller_of(supplier) if supplier and sold_by_supplier else association_party(association)
    if company is not None:
        return seller, buyer_of(session, company)
    assert supplier is not None
    return seller, seller_of(supplier)


def _content_of(file: bytes) -> tuple[list[InvoiceLine], list[Charge]]:
    """The lines and charges of an archived invoice, from the data in its file."""
    import facturx  # takes long to load, for the few credit notes

    _name, xml = facturx.get_xml_from_pdf(BytesIO(file), check_xsd=False)
    root = etree.fromstring(xml)
    lines = [
        InvoiceLine(
            _text(line, "SpecifiedTradeProduct/Name"),
            int(_text(line, "SpecifiedLineTradeDelivery/BilledQuantity")),
            Decimal(_text(line, "SpecifiedLineTradeAgreement/NetPriceProductTradePrice/ChargeAmount")),
            Decimal(
                _text(
                    line, "SpecifiedLineTradeSettlement/SpecifiedTradeSettlementLineMonetarySummation/LineTotalAmount"
                )
            ),
            Decimal(_text(line, "SpecifiedLineTradeSettlement/ApplicableTradeTax/RateApplicablePercent")),
            _text(line, "SpecifiedTradeProduct/SellerAssignedID"),
        )
        for line in root.iter(f"{_RAM}IncludedSupplyChainTradeLineItem")
    ]
    header = next(root.iter(f"{_RAM}ApplicableHeaderTradeSettlement"))
    charges = [
        Charge(
            _text(charge, "Reason"), _text(charge, "ReasonCode"), Decimal(_text(charge, "ActualAmount")),
            Decimal(_text(charge, "CategoryTradeTax/RateApplicablePercent")),
        )
        for charge in header.findall(f"{_RAM}SpecifiedTradeAllowanceCharge")
    ]  # fmt: skip
    return lines, charges


def _text(node: etree._Element, path: str) -> str:
    return node.findtext("/".join(f"{_RAM}{part}" for part in path.split("/"))) or ""
