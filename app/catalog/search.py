"""Finding products in French, forgiving accents and typing errors.

Names and descriptions are folded (no accents, lower case) and indexed as text by the database. A word that the
catalogue does not know is replaced by the known words that look most like it: near by trigrams, then by edit
distance (optimal string alignment: swapped neighbours count once).
"""

import json
import re
import unicodedata
from collections.abc import Iterable
from typing import Any, NamedTuple

from rapidfuzz.distance import OSA
from sqlalchemy import ColumnElement, func, literal, or_, text
from sqlmodel import Session, col, select

from app.catalog.models import Product, SearchWord
from app.core.database import escape_like

_WORD = re.compile(r"[a-z0-9]+")
_LIGATURES = str.maketrans({"œ": "oe", "æ": "ae", "Œ": "oe", "Æ": "ae"})
MAX_WORDS = 20
_STOP_WORDS = frozenset(
    [
        "a",
        "au",
        "aux",
        "avec",
        "ce",
        "ces",
        "d",
        "dans",
        "de",
        "des",
        "du",
        "en",
        "et",
        "l",
        "la",
        "le",
        "les",
        "ou",
        "par",
        "pour",
        "qu",
        "sans",
        "ses",
        "sur",
        "un",
        "une",
    ]
)
_KNOWN = text(
    """
    SELECT w.word FROM unnest(CAST(:words AS text[])) AS w (word)
    WHERE EXISTS (
        SELECT FROM search_words s
        WHERE s.word >= w.word COLLATE "C" AND s.word < (w.word || chr(127)) COLLATE "C"
    )
    """
)
_CANDIDATES = text(
    """
    SELECT w.word, near.word AS candidate
    FROM jsonb_to_recordset(CAST(:words AS jsonb)) AS w (word text, trigrams text[])
    CROSS JOIN LATERAL (
        SELECT s.word FROM search_words s
        CROSS JOIN LATERAL (SELECT count(*) AS common FROM unnest(s.trigrams) AS t WHERE t = ANY(w.trigrams)) AS c
        WHERE s.trigrams && w.trigrams AND abs(length(s.word) - length(w.word)) <= 2 AND c.common >= 2
        ORDER BY c.common DESC, s.word LIMIT 200
    ) near
    """
)
# Asked on its own: joined by OR into the text search it would keep the database from using its index.
_BY_CODE = text(
    """
    SELECT product_id FROM offers WHERE lower(sku) LIKE :sku
    UNION SELECT product_id FROM offers WHERE gtin = :gtin
    LIMIT 1000
    """
)


def fold(value: str) -> str:
    """Lower case without accents: `Gants Épais` becomes `gants epais`."""
    decomposed = unicodedata.normalize("NFKD", value.translate(_LIGATURES))
    return "".join(c for c in decomposed if not unicodedata.combining(c)).lower()


def words_of(value: str) -> list[str]:
    """The words of a text, folded, without the French ones that say nothing."""
    return [word for word in _WORD.findall(fold(value)) if word not in _STOP_WORDS]


def trigrams_of(word: str) -> list[str]:
    """The three-letter pieces of a word, its ends marked by spaces, as pg_trgm has them."""
    padded = f"  {word} "
    return sorted({padded[i : i + 3] for i in range(len(padded) - 2)})


def learn_words(session: Session, names: Iterable[str]) -> None:
    """Add the words of product names to what a misspelt word may have meant."""
    words = sorted({word for name in names for word in words_of(name) if not word.isdigit()})
    if not words:
        return
    known = set(session.scalars(select(SearchWord.word).where(col(SearchWord.word).in_(words))))
    unknown = [{"word": word, "trigrams": trigrams_of(word)} for word in words if word not in known]
    if unknown:
        session.execute(
            text("INSERT INTO search_words (word, trigrams) VALUES (:word, :trigrams) ON CONFLICT DO NOTHING"),
            unknown,
        )


def similar_words(session: Session, words: Iterable[str], limit: int = 5) -> dict[str, list[str]]:
    """For each word that the catalogue does not know as a beginning, the known ones it may be a misspelling of."""
    asked = sorted(set(words))
    unknown = set(asked) - set(session.scalars(_KNOWN, {"words": asked}))
    if not unknown:
        return {}
    wanted = [{"word": word, "trigrams": trigrams_of(word)} for word in sorted(unknown)]
    near: dict[str, list[tuple[int, str]]] = {}
    for row in session.execute(_CANDIDATES, {"words": json.dumps(wanted)}):
        allowed = 1 if len(row.word) <= 4 else 2
        distance = OSA.distance(row.word, row.candidate, score_cutoff=allowed)
        if distance <= allowed:
            near.setdefault(row.word, []).append((int(distance), row.candidate))
    return {word: [candidate for _distance, candidate in sorted(found)[:limit]] for word, found in near.items()}


class Search(NamedTuple):
    """What a search finds: the condition on products, and their rank (higher is nearer)."""

    matching: ColumnElement[bool]
    rank: ColumnElement[float]


def matches(session: Session, query: str) -> Search:
    """The products that a search means.

    Every word must be found: as the beginning of a word, by its French stem, or, where the catalogue knows nothing
    that begins so, through similar words. A SKU's beginning or a whole GTIN finds its product too.
    """
    words = words_of(query)[:MAX_WORDS]
    sku = escape_like(query.strip().lower()) + "%"
    by_code = list(session.scalars(_BY_CODE, {"sku": sku, "gtin": query.strip()}))
    if not words:
        return Search(col(Product.id).in_(by_code), literal(0.0))
    similar = similar_words(session, words)
    ts_query = _word_query(words[0], similar)
    for word in words[1:]:
        ts_query = ts_query.op("&&")(_word_query(word, similar))
    matching: ColumnElement[bool] = col(Product.search).op("@@")(ts_query)
    if by_code:
        matching = or_(matching, col(Product.id).in_(by_code))
    return Search(matching, func.ts_rank(Product.search, ts_query))


def _word_query(word: str, similar: dict[str, list[str]]) -> Any:
    query: Any = func.to_tsquery("simple", f"{word}:*").op("||")(func.to_tsquery("french", word))
    for near in similar.get(word, []):
        query = query.op("||")(func.to_tsquery("simple", near))
    return query
