"""Finding products in French: accents and typing errors are forgiven, codes are found."""

import pytest
from sqlmodel import Session

from app.catalog.queries import CatalogFilter, Sort, count_facets, list_products
from tests.factories import World


@pytest.fixture
def shelves(world: World) -> World:
    epi, office = world.a_category("EPI"), world.a_category("Bureau")
    first, second = world.a_supplier("S1"), world.a_supplier("S2")
    for name, price, category, supplier in (
        ("Gants nitrile bleus", "8.60", epi, first),
        ("Gants épais d'hiver", "9.40", epi, second),
        ("Chaussures de sécurité", "54.00", epi, second),
        ("Papier recyclé A4", "4.35", office, first),
        ("Cœur de tournevis", "3.00", office, first),
    ):
        world.an_offer(
            supplier, ((1, price),), name=name, category=category, gtin="4006381333931" if price == "3.00" else None
        )
    return world


def found(session: Session, query: str, sort: Sort = Sort.RELEVANCE) -> list[str]:
    return [row.name for row in list_products(session, CatalogFilter(query), sort, None, 50).items]


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("epais", "Gants épais d'hiver"),
        ("EPAIS", "Gants épais d'hiver"),
        ("chaussure", "Chaussures de sécurité"),
        ("nitrille", "Gants nitrile bleus"),
        ("tournvis", "Cœur de tournevis"),
        ("coeur", "Cœur de tournevis"),
        ("secu", "Chaussures de sécurité"),
        ("recycle papier", "Papier recyclé A4"),
        ("4006381333931", "Cœur de tournevis"),
    ],
)
def test_the_product_meant_is_found(session: Session, shelves: World, query: str, name: str) -> None:
    assert found(session, query) == [name]


def test_every_word_counts(session: Session, shelves: World) -> None:
    assert sorted(found(session, "gants")) == ["Gants nitrile bleus", "Gants épais d'hiver"]
    assert found(session, "gants papier") == []


@pytest.mark.parametrize("query", ["%", "'; DROP TABLE products; --", "a & | ! b", "\\", "🧤", ":*"])
def test_strange_characters_find_nothing_and_break_nothing(session: Session, shelves: World, query: str) -> None:
    assert isinstance(found(session, query), list)


def test_a_sku_finds_its_product(session: Session, shelves: World) -> None:
    offer = shelves.an_offer(name="Ruban adhésif", gtin=None)
    assert found(session, offer.sku.lower()) == ["Ruban adhésif"]


def test_facets_count_what_a_search_finds(session: Session, shelves: World) -> None:
    facets = count_facets(session, CatalogFilter("gants"))
    assert [(value.name, value.count) for value in facets.categories] == [("EPI", 2)]
    assert sorted(value.count for value in facets.suppliers) == [1, 1]
    first = facets.suppliers[0]
    narrowed = count_facets(session, CatalogFilter("gants", supplier_id=first.id))
    assert narrowed.total == 1
    assert len(narrowed.suppliers) == 2


@pytest.mark.parametrize("sort", list(Sort))
@pytest.mark.parametrize("query", ["", "gants"])
def test_pages_together_hold_every_product_once(session: Session, shelves: World, sort: Sort, query: str) -> None:
    whole = found(session, query, sort)
    cursor, pieces = None, []
    while True:
        page = list_products(session, CatalogFilter(query), sort, cursor, 2)
        pieces += [row.name for row in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert pieces == whole
    assert len(set(pieces)) == len(pieces) == (5 if not query else 2)
