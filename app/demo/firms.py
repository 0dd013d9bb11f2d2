"""The demo's member companies and their people: invented names, the same at every run."""

from collections.abc import Iterator
from random import Random
from typing import NamedTuple

from stdnum import luhn

from app.core.errors import InvalidInput

SPEAKERS_SUPPLIER = "VOSGES"  # the one that somebody can sign in for
PARKS = (
    ("collines", "Parc des Collines", "68200", "Mulhouse"),
    ("ile-napoleon", "Parc de l'Île Napoléon", "68390", "Sausheim"),
    ("doller", "Parc de la Doller", "68110", "Illzach"),
)
COMPANY_COUNT = 125
_TRADES = (
    *("Menuiserie", "Mécanique", "Imprimerie", "Transports", "Boulangerie", "Électricité", "Plomberie", "Carrosserie"),
    *("Logistique", "Usinage", "Métallerie", "Peinture", "Laboratoire", "Informatique", "Agencement", "Paysages"),
    *("Chaudronnerie", "Textile", "Brasserie", "Cabinet", "Nettoyage", "Façades", "Isolation", "Thermique", "Optique"),
)
_FAMILY_NAMES = (
    *("Weber", "Klein", "Muller", "Schmitt", "Meyer", "Roth", "Fischer", "Keller", "Wagner", "Simon", "Haas", "Frey"),
    *("Wolff", "Bauer", "Lehmann", "Kuntz", "Martin", "Petit", "Durand", "Moreau", "Garcia", "Nguyen", "Diallo"),
    *("Kaya", "Rossi", "Benali", "Lefèvre", "Girard", "Schneider", "Zimmermann", "Humbert", "Ferry", "Colin"),
)
_FIRST_NAMES = (
    *("Claire", "Marc", "Sophie", "Julien", "Nadia", "Thomas", "Élodie", "Karim", "Anne", "Lucas", "Fatima", "Paul"),
    *("Camille", "Yann", "Inès", "Hugo", "Léa", "Mehdi", "Céline", "Olivier", "Aïcha", "Bruno", "Laure", "Denis"),
)
_PLAIN = str.maketrans("éèëïÉÎçô", "eeeiEIco")


class DemoPerson(NamedTuple):
    """A row of the people file."""

    email: str
    name: str
    company_code: str
    company_name: str
    siret: str
    park: str
    roles: str
    locale: str
    order_limit: str


def people() -> Iterator[DemoPerson]:
    """Every firm's approvers and one to three employees; about one in twelve reads English."""
    random = Random(68)
    for number in range(COMPANY_COUNT):
        trade, family = _TRADES[number % len(_TRADES)], _FAMILY_NAMES[(number * 7) % len(_FAMILY_NAMES)]
        name = f"{trade} {family}" + (" et Fils" if number % 9 == 4 else "")
        code = f"{trade[:4]}-{family[:6]}-{number + 1:03d}".upper().translate(_PLAIN)
        firm = (code, name, siret_of(number), PARKS[number % len(PARKS)][0])
        headcount = 2 + random.choice((0, 0, 1, 1, 1))
        for position in range(headcount):
            first = random.choice(_FIRST_NAMES)
            last = family if position == 0 else random.choice(_FAMILY_NAMES)
            email = f"{first}.{last}.{position + 1}@{code}.example".lower().translate(_PLAIN)
            limit = "" if position == 0 else random.choice(("80", "150", "250", "400"))
            locale = "en" if random.random() < 1 / 12 else "fr"
            approves = position == 0 or (position == 1 and headcount > 2 and has_approval_rules(number))
            roles = "approver|employee" if approves else "employee"
            yield DemoPerson(email, f"{first} {last}", *firm, roles, locale, limit)


def has_approval_rules(number: int) -> bool:
    """Whether the firm with this number, from 0, asks for approval above an amount."""
    return number % 3 == 0


def siret_of(number: int) -> str:
    """A number that no real firm has (SIREN 000 …), with right check digits."""
    siren = f"0000{number + 1:04d}"
    siren += luhn.calc_check_digit(siren)
    nic = "0001"
    return siren + nic + luhn.calc_check_digit(siren + nic)


def demo_only(association: str, expected: str) -> None:
    """Raise `InvalidInput` where the database belongs to another association."""
    if association != expected:
        raise InvalidInput(
            "This database belongs to {association}: the demo is not loaded over it. Give it a place of its own:"
            " ENGRENAGES_DATA_DIR=/var/lib/engrenages-demo make demo",
            code="not_the_demo",
            association=association,
        )
