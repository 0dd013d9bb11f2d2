"""Finding products in French, forgiving accents and typing errors.

Names and descriptions are folded (no accents, lower case) and indexed as text by the database. A word that the
catalogue does not know is replaced by the known words that look most like it: near by trigrams, then by edit
distance (optimal string alignment: swapped neighbours count once).
"""

import re
import unicodedata
from collections.abc import Iterable
from typing import Any

from rapidfuzz.distance import OSA
from sqlalchemy import ColumnElement, func, literal, or_, text
from sqlmodel import Session, col, select

from app.catalog.models import Product, SearchWord

_WORD = re.compile(r"[a-z0-9]+")
_LIGATURES = str.maketrans({"œ": "oe", "æ": "ae", "Œ": "oe", "Æ": "ae"})
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
_CANDIDATES = text(
    """
    SELECT word FROM search_words
    CROSS JOIN LATERAL (SELECT count(*) AS common FROM unnest(trigrams) AS t WHERE t = ANY(:trigrams)) AS c
    WHERE trigrams && :trigrams AND abs(length(word) - :length) <= 2 AND common >= 2
    ORDER BY common DESC, word LIMIT 200
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


def similar_words(session: Session, word: str, limit: int = 5) -> list[str]:
    """Known words that `word` may be a misspelling of, nearest first."""
    allowed = 1 if len(word) <= 4 else 2
    rows = session.execute(_CANDIDATES, {"trigrams": trigrams_of(word), "length": len(word)}).scalars()
    near = [(OSA.distance(word, candidate, score_cutoff=allowed), candidate) for candidate in rows]
    return [candidate for distance, candidate in sorted(near) if distance <= allowed][:limit]


def matches(session: Session, query: str) -> tuple[ColumnElement[bool], ColumnElement[float]]:
    """The condition and the rank (higher is nearer) of the products that a search means.

    Every word must be found: as the beginning of a word, by its French stem, or, where the catalogue knows nothing
    that begins so, through similar words. A SKU's beginning or a whole GTIN finds its product too.
    """
    parts = [_word_query(session, word) for word in words_of(query)]
    by_code = list(session.scalars(_BY_CODE, {"sku": _like_prefix(query.strip().lower()), "gtin": query.strip()}))
    if not parts:
        return col(Product.id).in_(by_code), literal(0.0)
    ts_query = parts[0]
    for part in parts[1:]:
        ts_query = ts_query.op("&&")(part)
    matching: ColumnElement[bool] = col(Product.search).op("@@")(ts_query)
    if by_code:
        matching = or_(matching, col(Product.id).in_(by_code))
    return matching, func.ts_rank(Product.search, ts_query)


def _word_query(session: Session, word: str) -> Any:
    known = session.scalar(
        select(SearchWord.word).where(SearchWord.word >= word, SearchWord.word < word + "\x7f").limit(1)
    )
    query: Any = func.to_tsquery("simple", f"{word}:*").op("||")(func.to_tsquery("french", word))
    if known is None:
        for similar in similar_words(session, word):
            query = query.op("||")(func.to_tsquery("simple", similar))
    return query


def _like_prefix(value: str) -> str:
    return re.sub(r"([\\%_])", r"\\\1", value) + "%"
