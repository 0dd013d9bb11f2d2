"""What the demo's suppliers sell: families of articles (families.csv), each in several sizes or kinds."""

import csv
import re
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import NamedTuple

SUPPLIERS_FILE = Path(__file__).with_name("suppliers.csv")
_FAMILIES_FILE = Path(__file__).with_name("families.csv")
_CENT = Decimal("0.01")
_COUNT = re.compile(r"(?:boîte|lot|ramette|étui|sachet|paquet|carton) de (\d+)|(\d+) feuilles")
_VOLUME_OR_WEIGHT = re.compile(r"(\d+(?:,\d+)?) (ml|L|kg)\b")


class Family(NamedTuple):
    """Articles that differ by their kind (parted by `;`), sold by one supplier or two (parted by spaces).

    `price` is the list price of the first kind in euros before VAT; each next kind costs `step` percent more.
    """

    category: str
    suppliers: str
    name: str
    kinds: str
    unit: str
    pack: int
    price: Decimal
    step: int
    origin: str
    eco: Decimal
    description: str


class DemoOffer(NamedTuple):
    """One row of the demo's offers file, with what the file does not carry: origin and eco-contribution."""

    row: dict[str, str]
    origin: str
    eco: Decimal


def families() -> Iterator[Family]:
    """Every family of articles."""
    with _FAMILIES_FILE.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield Family(
                row["category"],
                row["suppliers"],
                row["name"],
                row["kinds"],
                row["unit"],
                int(row["pack"]),
                Decimal(row["price"]),
                int(row["step"]),
                row["origin"],
                Decimal(row["eco"]),
                row["description"],
            )


def offers() -> Iterator[DemoOffer]:
    """Every offer of the demo, in the columns of the offers file; a second supplier is a little dearer."""
    for number, family in enumerate(families(), start=1):
        for nth, kind in enumerate(family.kinds.split(";")):
            row_name = family.name.format(kind)
            list_price = family.price * (100 + family.step * nth) / 100
            for rank, supplier in enumerate(family.suppliers.split()):
                row = {
                    "supplier_code": supplier,
                    "sku": f"{supplier[:3]}-{number:03d}-{nth + 1:02d}",
                    "product_ref": f"P{number:03d}-{nth + 1:02d}",
                    "name": row_name,
                    "description": family.description,
                    "category": family.category,
                    "unit": family.unit,
                    "pack_size": str(family.pack),
                    "min_quantity": str(family.pack),
                    "lead_time_days": str(3 + 2 * rank),
                    "vat_rate": "20",
                    "content": _content(row_name, family.category),
                    "price_tiers": _tiers(list_price * (100 + 4 * rank) / 100, family.pack, rank),
                }
                yield DemoOffer(row, family.origin, family.eco)


def _content(name: str, category: str) -> str:
    """What one sales unit holds, as the names of these goods tell it (a bin bag's litres are not its content)."""
    counted = _COUNT.search(name)
    if counted:
        return counted[1] or counted[2]
    measured = _VOLUME_OR_WEIGHT.search(name)
    sold_by_measure = category.startswith("Hygiène") or name.startswith("Aérosol")
    return f"{measured[1]} {measured[2]}" if measured and sold_by_measure and "poubelle" not in name else ""


def _tiers(price: Decimal, pack: int, rank: int) -> str:
    """List price, and what the group reaches from 4, 12 and 40 packs (8, 24 and 80 units where packs are one)."""
    unit = pack if pack > 1 else 2
    tiers = []
    for packs, percent in ((1, 0), (4, 6 + rank), (12, 11 + rank), (40, 17 + 2 * rank)):
        quantity = 1 if packs == 1 else packs * unit
        tiers.append(f"{quantity}:{(price * (100 - percent) / 100).quantize(_CENT, ROUND_HALF_UP)}")
    return "|".join(tiers)
