"""Invoice lines and parties as rows; those of invoices already issued are read from the data in their archived files."""

from io import BytesIO

import facturx
import sqlalchemy as sa
from alembic import op
from lxml import etree

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

_RAM = "{urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100}"
_TABLES = ("invoice_lines", "invoice_parties")
_KINDS = {"commission": "commission", "service": "service"}

# Each invoiced unit's line on its document: by SKU and price, else by SKU, else by name.
_POSITIONS = """
    UPDATE invoiced_lines i SET position = (
        SELECT n.position FROM invoice_lines n
        WHERE n.invoice_id = i.invoice_id AND n.kind = 'goods' AND (n.sku = f.sku OR n.name = f.name)
        ORDER BY n.sku = f.sku AND n.unit_price = a.unit_price DESC NULLS LAST, n.sku = f.sku DESC, n.position LIMIT 1
    )
    FROM allocations a JOIN offers f ON f.id = a.offer_id WHERE a.order_line_id = i.order_line_id
"""

# The files bear the SIREN; the whole SIRET is that of the firm, where it is still the same one's.
_SIRETS = """
    UPDATE invoice_parties p SET siret = known.siret
    FROM (
        SELECT siret FROM companies WHERE siret IS NOT NULL
        UNION SELECT siret FROM suppliers UNION SELECT siret FROM associations
    ) known
    WHERE p.siret <> '' AND left(known.siret, 9) = p.siret
"""


def upgrade() -> None:
    op.create_table('invoice_lines',
    sa.Column('invoice_id', sa.Integer(), nullable=False),
    sa.Column('position', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('kind', sa.Enum('goods', 'eco_contribution', 'commission', 'service', 'delivery', name='linekind', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('sku', sa.String(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('quantity', sa.Integer(), nullable=False),
    sa.Column('unit_price', sa.Numeric(precision=12, scale=4), nullable=False),
    sa.Column('amount', sa.Numeric(precision=14, scale=2), nullable=False),
    sa.Column('vat_rate', sa.Numeric(precision=5, scale=2), nullable=False),
    sa.Column('charge_code', sa.String(length=10), nullable=False),
    sa.CheckConstraint('position >= 1', name=op.f('ck_invoice_lines_position_positive')),
    sa.CheckConstraint("(kind = 'delivery') = (charge_code <> '')", name=op.f('ck_invoice_lines_charges_have_codes')),
    sa.ForeignKeyConstraint(['invoice_id'], ['issued_invoices.id'], name=op.f('fk_invoice_lines_invoice_id')),
    sa.PrimaryKeyConstraint('invoice_id', 'position', name=op.f('pk_invoice_lines'))
    )
    op.create_table('invoice_parties',
    sa.Column('invoice_id', sa.Integer(), nullable=False),
    sa.Column('role', sa.Enum('seller', 'buyer', name='partyrole', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('street', sa.String(), nullable=False),
    sa.Column('postal_code', sa.String(), nullable=False),
    sa.Column('city', sa.String(), nullable=False),
    sa.Column('country', sa.String(length=2), nullable=False),
    sa.Column('siret', sa.String(), nullable=False),
    sa.Column('vat_number', sa.String(), nullable=False),
    sa.Column('email', sa.String(), nullable=False),
    sa.ForeignKeyConstraint(['invoice_id'], ['issued_invoices.id'], name=op.f('fk_invoice_parties_invoice_id')),
    sa.PrimaryKeyConstraint('invoice_id', 'role', name=op.f('pk_invoice_parties'))
    )
    op.add_column('invoiced_lines', sa.Column('position', sa.Integer(), nullable=True))
    _read_archive(op.get_bind())
    op.execute(_SIRETS)
    op.execute("ALTER TABLE invoiced_lines DISABLE TRIGGER USER")
    op.execute(_POSITIONS)
    op.execute("ALTER TABLE invoiced_lines ENABLE TRIGGER USER")
    for table in _TABLES:
        op.execute(f"""
            CREATE TRIGGER {table}_never_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
        """)


def downgrade() -> None:
    op.drop_column('invoiced_lines', 'position')
    for table in _TABLES:
        op.drop_table(table)


def _read_archive(connection: sa.Connection) -> None:
    """Fill the rows of the invoices that there are, one after the other: their files are not small."""
    lines = sa.table("invoice_lines", *map(sa.column, (
        "invoice_id", "position", "kind", "sku", "name", "quantity", "unit_price", "amount", "vat_rate", "charge_code")))
    parties = sa.table("invoice_parties", *map(sa.column, (
        "invoice_id", "role", "name", "street", "postal_code", "city", "country", "siret", "vat_number", "email")))
    issued = connection.execute(sa.text("""
        SELECT i.id, coalesce(f.kind, i.kind) AS kind FROM issued_invoices i
        LEFT JOIN issued_invoices f ON f.id = i.corrects_id ORDER BY i.id
    """)).all()
    for invoice in issued:
        content = connection.scalar(
            sa.text("SELECT content FROM invoice_archive WHERE invoice_id = :id"), {"id": invoice.id})
        if content is None:
            continue
        _name, xml = facturx.get_xml_from_pdf(BytesIO(content), check_xsd=False)
        root = etree.fromstring(xml)
        connection.execute(sa.insert(lines), _lines_of(root, invoice.id, _KINDS.get(invoice.kind, "goods")))
        connection.execute(sa.insert(parties), _parties_of(root, invoice.id))


def _lines_of(root, invoice_id, kind):
    rows = []
    for line in root.iter(f"{_RAM}IncludedSupplyChainTradeLineItem"):
        sku = _text(line, "SpecifiedTradeProduct/SellerAssignedID")
        name = _text(line, "SpecifiedTradeProduct/Name")
        is_eco = kind == "goods" and any(row["sku"] == sku and row["name"] != name and name.endswith(row["name"]) for row in rows)
        rows.append({
            "kind": "eco_contribution" if is_eco else kind, "sku": sku, "name": name,
            "quantity": int(_text(line, "SpecifiedLineTradeDelivery/BilledQuantity")),
            "unit_price": _text(line, "SpecifiedLineTradeAgreement/NetPriceProductTradePrice/ChargeAmount"),
            "amount": _text(line, "SpecifiedLineTradeSettlement/SpecifiedTradeSettlementLineMonetarySummation/LineTotalAmount"),
            "vat_rate": _text(line, "SpecifiedLineTradeSettlement/ApplicableTradeTax/RateApplicablePercent"),
            "charge_code": "",
        })
    header = next(root.iter(f"{_RAM}ApplicableHeaderTradeSettlement"))
    for charge in header.findall(f"{_RAM}SpecifiedTradeAllowanceCharge"):
        amount = _text(charge, "ActualAmount")
        rows.append({
            "kind": "delivery", "sku": "", "name": _text(charge, "Reason"), "quantity": 1, "unit_price": amount,
            "amount": amount, "vat_rate": _text(charge, "CategoryTradeTax/RateApplicablePercent"),
            "charge_code": _text(charge, "ReasonCode") or "FC",
        })
    return [row | {"invoice_id": invoice_id, "position": position} for position, row in enumerate(rows, start=1)]


def _parties_of(root, invoice_id):
    agreement = next(root.iter(f"{_RAM}ApplicableHeaderTradeAgreement"))
    return [
        {
            "invoice_id": invoice_id, "role": role, "name": _text(party, "Name"),
            "street": _text(party, "PostalTradeAddress/LineOne"),
            "postal_code": _text(party, "PostalTradeAddress/PostcodeCode"),
            "city": _text(party, "PostalTradeAddress/CityName"),
            "country": _text(party, "PostalTradeAddress/CountryID") or "FR",
            "siret": _text(party, "SpecifiedLegalOrganization/ID"),
            "vat_number": _text(party, "SpecifiedTaxRegistration/ID"),
            "email": "",  # firms stand there with their numbers
        }
        for role, party in (("seller", agreement.find(f"{_RAM}SellerTradeParty")), ("buyer", agreement.find(f"{_RAM}BuyerTradeParty")))
    ]


def _text(node, path):
    return node.findtext("/".join(f"{_RAM}{part}" for part in path.split("/"))) or ""
