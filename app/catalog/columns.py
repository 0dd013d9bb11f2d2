"""The columns of the catalogue's files, as FORMATS.md has them."""

import re
from decimal import Decimal

from app.catalog.net_content import Measure, measure_of
from app.core.i18n import marked
from app.core.tabular import Column, Cure, decimal, decimal_from, gtin, integer, siret, text, vat_number

_TIER = re.compile(r"(\d{1,9}):(\d{1,8}(?:[.,]\d{1,4})?)\Z")
_FOUR_PLACES = Decimal("0.0001")
_CONTENT_CURE = marked("what one sales unit holds: a number and g, kg, ml, l, m, m2 or pieces, such as 6 x 1.5 l")
_TIERS_CURE = marked("from:price pairs parted by |, quantities rising from at least 1, such as 1:12.50|10:11.90")

PriceTiers = tuple[tuple[int, Decimal], ...]


def price_tiers(value: str) -> PriceTiers:
    """Price tiers `1:12.50|10:11.90|50:10.80`: group quantity, unit price in euros before VAT.

    Raises `ValueError` with the cure.
    """
    tiers = []
    reached = 0
    for pair in value.split("|"):
        found = _TIER.match(pair.strip())
        if not found:
            raise Cure(_TIERS_CURE)
        from_quantity = int(found[1])
        if from_quantity <= reached:
            raise Cure(_TIERS_CURE)
        reached = from_quantity
        tiers.append((from_quantity, decimal_from(found[2]).quantize(_FOUR_PLACES)))
    return tuple(tiers)


def content(value: str) -> Measure:
    """What one sales unit holds: `500 g`, `6 x 1.5 l`, `100`. Raises `ValueError` with the cure."""
    measure = measure_of(value)
    if measure is None:
        raise Cure(_CONTENT_CURE)
    return measure


_SUPPLIER_IDENTITY = (("street", text()), ("siret", siret), ("vat_number", vat_number), ("email", text(254)))
SUPPLIER_COLUMNS = (
    Column("supplier_code", text(40)),
    Column("name", text()),
    Column("country", text(60), required=False, default=""),
    Column("postal_code", text(20), required=False, default=""),
    Column("city", text(), required=False, default=""),
    Column("minimum_order", decimal(2), required=False),
    Column("free_delivery_from", decimal(2), required=False),
    Column("delivery_fee", decimal(2), required=False),
    *(Column(name, parse, required=False, default="") for name, parse in _SUPPLIER_IDENTITY),
)

OFFER_COLUMNS = (
    Column("supplier_code", text(40)),
    Column("sku", text(80)),
    Column("product_ref", text(80)),
    Column("name", text()),
    Column("description", text(4000), required=False, default=""),
    Column("category", text(80), required=False, default="Other"),
    Column("gtin", gtin, required=False),
    Column("unit", text(40), required=False, default="unit"),
    Column("pack_size", integer(1, 1_000_000), required=False, default=1),
    Column("min_quantity", integer(0, 1_000_000_000), required=False, default=1),
    Column("lead_time_days", integer(0, 3650), required=False, default=0),
    Column("vat_rate", decimal(2, maximum=Decimal("100.01")), required=False, default=Decimal("20.00")),
    Column("content", content, required=False),
    Column("price_tiers", price_tiers),
)

OWN_OFFER_COLUMNS = OFFER_COLUMNS[1:]  # a supplier's own file need not say whose offers these are
