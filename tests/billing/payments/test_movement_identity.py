"""A movement counts once, however often its statement comes, in whatever encoding; two that are equal count twice."""

import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from app.billing.payments.bank_matching import import_statement
from app.billing.payments.movement_identity import fresh_movements
from app.billing.payments.movements import Movement
from app.core.errors import InvalidInput
from tests.billing.market import Market
from tests.billing.payments.test_statement_files import EXPECTED, STATEMENTS, camt, detail, entry

OWN = "FR7630006000011234567890189"


def a_movement(reference: str = "", day: int = 1, amount: str = "10.00", words: str = "acompte") -> Movement:
    return Movement(reference, date(2026, 11, day), Decimal(amount), "Klein", words)


class Books:
    """What is known after the statements that came."""

    def __init__(self) -> None:
        self.known: defaultdict[str, list[str]] = defaultdict(list)

    def take(self, *movements: Movement) -> int:
        """How many of a statement's movements are new."""
        fresh = fresh_movements(OWN, movements, self.known)
        for one in fresh:
            self.known[one.identity].append(one.movement.reference)
            assert one.position == len(self.known[one.identity])
        return len(fresh)


def test_references_that_a_bank_uses_again_lose_nothing() -> None:
    books = Books()
    assert books.take(a_movement("NONREF", 1), a_movement("NONREF", 2), a_movement("NONREF", 2, "77.00")) == 3
    assert books.take(a_movement("NONREF", 3)) == 1
    assert books.take(a_movement("NONREF", 1), a_movement("NONREF", 3)) == 0


def test_equal_movements_of_other_references_are_others_and_of_none_the_same() -> None:
    books = Books()
    assert books.take(a_movement("B1")) == 1
    assert books.take(a_movement("B2"), a_movement("B1")) == 1
    assert books.take(a_movement(), a_movement("NONREF")) == 0
    assert books.take(a_movement(), a_movement(), a_movement()) == 1


movements = st.lists(
    st.builds(a_movement, st.sampled_from(["", "NONREF", "B1", "B2"]), st.integers(1, 2),
              st.sampled_from(["10.00", "-10.00"]), st.sampled_from(["é", "x"])),
    max_size=8,
)  # fmt: skip


@given(movements, st.randoms())
def test_a_statement_that_comes_again_changes_nothing_in_any_order(
    given_movements: Sequence[Movement], chance: object
) -> None:
    books = Books()
    assert books.take(*given_movements) == len(given_movements)
    again = [one._replace(words=unicodedata.normalize("NFD", one.words)) for one in given_movements]
    chance.shuffle(again)  # type: ignore[attr-defined]
    assert books.take(*again) == 0


def test_the_same_file_in_another_encoding_counts_once(market: Market) -> None:
    rows = "date;montant;libellé\n2026-11-19;120,00;Réglé à l'échéance\n"
    imports = [import_statement(market.world.session, market.treasurer, rows.encode(encoding)).new
               for encoding in ("utf-8", "utf-8-sig", "cp1252", "utf-16")]  # fmt: skip
    assert imports == [1, 0, 0, 0]


def test_every_statement_that_can_be_read_is_kept_whole_and_once(market: Market) -> None:
    session, treasurer = market.world.session, market.treasurer
    kept: list[tuple[str, ...]] = []
    for name, expected in EXPECTED.items():
        content = (STATEMENTS / name).read_bytes()
        if "refused" in expected or expected["account"] not in {"", OWN}:
            with pytest.raises(InvalidInput):
                import_statement(session, treasurer, content)
            continue
        import_statement(session, treasurer, content)
        assert import_statement(session, treasurer, content).new == 0
        known = {tuple(row[:2]) + (row[3], row[4]) for row in expected["movements"]}
        kept += [row for row in known if row not in kept]
    rows = session.execute(text("SELECT booked_on::text, amount::text, words, counterparty FROM bank_movements"))
    assert sorted(tuple(row) for row in rows) == sorted(kept)
    assert market.balance("512") == sum(Decimal(row[1]) for row in kept)


def test_the_books_name_a_movement_by_the_banks_reference_where_it_is_one(market: Market) -> None:
    session = market.world.session
    same = "<AcctSvcrRef>B1</AcctSvcrRef>"
    entries = entry("10.00", detail("", "a"), more=same) + entry("20.00", detail("", "b"), more=same)
    import_statement(session, market.treasurer, camt(entries + entry("30.00", detail("", "c"))).encode())
    first, second, third = session.scalars(text("SELECT number FROM bank_movements ORDER BY amount")).all()
    assert (first, second.startswith("B1#"), third.startswith("MVT")) == ("B1", True, True)
