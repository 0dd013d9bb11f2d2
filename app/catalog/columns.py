"""The columns of the catalogue's files, as FORMATS.md has them."""

from decimal import Decimal
from itertools import pairwise

from app.catalog.net_content import Measure, measure_of
from app.core.i18n import marked
from app.core.tabular import Column, Cure, code, euros, gtin, integer, mail_address, percent, siret, text, vat_number

_TIER_QUANTITY, _TIER_PRICE = integer(1, 999_999_999), euros(4)
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
        quantity, colon, price = pair.partition(":")
        if not (colon and quantity.strip() and price.strip()):
            raise Cure(_TIERS_CURE)
        from_quantity = _TIER_QUANTITY(quantity.strip())
        if from_quantity <= reached:
            raise Cure(_TIERS_CURE)
        reached = from_quantity
        tiers.append((from_quantity, _TIER_PRICE(price.strip())))
    return tuple(tiers)


# VAT rates that are in force in France, in percent (CGI 278 to 281 nonies, 294 to 297): mainland, Corsica, overseas.
VAT_RATES_IN_FORCE = frozenset(map(Decimal, ("0", "0.9", "1.05", "1.75", "2.1", "5.5", "8.5", "10", "13", "20")))


def doubts_of(vat_rate: Decimal, tiers: PriceTiers) -> list[tuple[str, str, str]]:
    """What of an offer is taken though it looks wrong: column, value and why."""
    found = []
    if vat_rate not in VAT_RATES_IN_FORCE:
        found.append(("vat_rate", str(vat_rate), marked("no VAT rate in force in France: is it meant?")))
    if any(after > before for (_q, before), (_r, after) in pairwise(tiers)):
        value = "|".join(f"{quantity}:{price}" for quantity, price in tiers)
        found.append(("price_tiers", value, marked("the price rises with the quantity: is it meant?")))
    return found


def content(value: str) -> Measure:
    """What one sales unit holds: `500 g`, `6 x 1.5 l`, `100`. Raises `ValueError` with the cure."""
    measure = measure_of(value)
    if measure is None:
        raise Cure(_CONTENT_CURE)
    return measure


_SUPPLIER_IDENTITY = (("street", text()), ("siret", siret), ("vat_number", vat_number), ("email", mail_address))
SUPPLIER_COLUMNS = (
    Column("supplier_code", code(40)),
    Column("name", text()),
    Column("country", text(60), required=False, default=""),
    Column("postal_code", text(20), required=False, default=""),
    Column("city", text(), required=False, default=""),
    Column("minimum_order", euros(2), required=False),
    Column("free_delivery_from", euros(2), required=False),
    Column("delivery_fee", euros(2), required=False),
    *(Column(name, parse, required=False, default="") for name, parse in _SUPPLIER_IDENTITY),
)

OFFER_COLUMNS = (
    Column("supplier_code", code(40)),
    Column("sku", code(80)),
    Column("product_ref", code(80)),
    Column("name", text()),
    Column("description", text(4000, lines=True), required=False, default=""),
    Column("category", text(80), required=False, default="Other"),
    Column("gtin", gtin, required=False),
    Column("unit", text(40), required=False, default="unit"),
    Column("pack_size", integer(1, 1_000_000), required=False, default=1),
    Column("min_quantity", integer(0, 1_000_000_000), required=False, default=1),
    Column("lead_time_days", integer(0, 3650), required=False, default=0),
    Column("vat_rate", percent(2), required=False, default=Decimal("20.00")),
    Column("content", content, required=False),
    Column("price_tiers", price_tiers),
)

OWN_OFFER_COLUMNS = OFFER_COLUMNS[1:]  # a supplier's own file need not say whose offers these are
