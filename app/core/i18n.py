"""Two languages, French and English. Message keys are the English sentences; catalogues are read at start-up."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path

from babel import Locale, negotiate_locale
from babel.dates import format_date, format_time, get_day_names
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_currency, format_decimal, format_percent
from babel.support import NullTranslations, Translations

from app.core.clock import PARIS
from app.core.errors import DomainError

LOCALES = ("fr", "en")
TRANSLATIONS_DIR = Path(__file__).parent / "translations"
_REGIONAL = {"fr": Locale("fr", "FR"), "en": Locale("en", "IE")}  # English as euro countries write it


@dataclass
class _Voice:
    """The language of one request. Held by reference: a request's threads copy the context but share the voice."""

    locale: str


_voice: ContextVar[_Voice] = ContextVar("voice")
_DEFAULT_VOICE = _Voice("fr")


def current_locale() -> str:
    """The language of whoever is being answered: `fr` or `en`."""
    return _voice.get(_DEFAULT_VOICE).locale


def begin_request(locale: str) -> None:
    """Answer this request in a language, until its account says another."""
    _voice.set(_Voice(locale))


def set_locale(locale: str) -> None:
    """Answer the rest of this request in the language of its account."""
    voice = _voice.get(None)
    if voice is not None and locale in LOCALES:
        voice.locale = locale


@contextmanager
def speaking(locale: str) -> Iterator[None]:
    """Write in one language for a while: a mail, a document."""
    before = _voice.set(_Voice(locale))
    try:
        yield
    finally:
        _voice.reset(before)


def preferred_locale(accept_language: str) -> str:
    """The best of our languages for an Accept-Language header; French where it names neither."""
    wanted = [part.split(";")[0].strip() for part in accept_language.split(",") if part.strip()]
    return negotiate_locale(wanted, list(LOCALES), sep="-") or "fr"


@cache
def translations(locale: str) -> NullTranslations:
    """The catalogue of a language; English is its own."""
    path = TRANSLATIONS_DIR / f"{locale}.po"
    if not path.exists():
        return NullTranslations()
    with path.open(encoding="utf-8") as file:
        catalog = read_po(file, locale=locale)
    compiled = io.BytesIO()
    write_mo(compiled, catalog)
    compiled.seek(0)
    return Translations(fp=compiled)


def gettext(message: str) -> str:
    """Say a message in the current language; nothing stays nothing (a catalogue keeps its header under it)."""
    return translations(current_locale()).ugettext(message) if message else ""


def ngettext(singular: str, plural: str, number: int) -> str:
    """Say a message that depends on a number in the current language."""
    return translations(current_locale()).ungettext(singular, plural, number)


def marked(message: str) -> str:
    """Mark a message for translation where it is written down, to be said later."""
    return message


def say(error: DomainError) -> str:
    """An error in the current language, with its figures."""
    params = {name: gettext(value) if isinstance(value, str) else value for name, value in error.params.items()}
    return gettext(error.message).format(**params)


def format_money(value: Decimal | None) -> str:
    """`1 234,56 €` or `€1,234.56`; a dash for nothing."""
    return "–" if value is None else format_currency(value, "EUR", locale=_REGIONAL[current_locale()])


def format_typed_amount(value: Decimal | None) -> str:
    """An amount as one would type it into a field: `1234,56` or `1234.56`; nothing for nothing."""
    plain = "" if value is None else f"{value:f}"
    return plain.replace(".", ",") if current_locale() == "fr" else plain


def format_unit_price(value: Decimal | None) -> str:
    """A unit price, with more than two decimals only where it has them."""
    if value is None:
        return "–"
    pattern = "#,##0.00## ¤" if current_locale() == "fr" else "¤#,##0.00##"
    return format_currency(
        value,
        "EUR",
        pattern,
        locale=_REGIONAL[current_locale()],
        currency_digits=False,
        decimal_quantization=False,
    )


def format_number(value: int | Decimal) -> str:
    """A number with its thousands parted."""
    return format_decimal(value, locale=_REGIONAL[current_locale()])


def format_rate(value: Decimal) -> str:
    """A rate in percent: `5,5 %`."""
    return format_percent(value / 100, "#,##0.## %", locale=_REGIONAL[current_locale()], decimal_quantization=False)


def country_name(code: str) -> str:
    """A country by its ISO 3166-1 code, in the current language; other text as it is."""
    name: str | None = _REGIONAL[current_locale()].territories.get(code.upper())
    return name or code


def format_day(value: date | None) -> str:
    """A day in words: `mardi 3 mars 2026`."""
    return "–" if value is None else format_date(value, "full", locale=_REGIONAL[current_locale()])


def format_short_day(value: date | None) -> str:
    """A day in figures, for tables of many: `03/12/2026`."""
    return "–" if value is None else format_date(value, "dd/MM/yyyy", locale=_REGIONAL[current_locale()])


@cache
def _codes_by_country() -> dict[str, str]:
    names = {"uk": "GB", "usa": "US", "holland": "NL"}
    for locale in _REGIONAL.values():
        names |= {name.lower(): code for code, name in locale.territories.items() if len(code) == 2 and code.isalpha()}
    return names


def known_country(text: str) -> str | None:
    """A country's ISO 3166-1 code, from the code itself or its French or English name; None for other text."""
    plain = text.strip()
    if len(plain) == 2 and plain.upper() in _REGIONAL["en"].territories:
        return plain.upper()
    return _codes_by_country().get(plain.lower())


def country_code(text: str) -> str:
    """A country's code as `known_country`; `FR` where the text says none."""
    return known_country(text) or "FR"


def format_month(value: date) -> str:
    """A month in words: `mars 2026`."""
    return format_date(value, "LLLL y", locale=_REGIONAL[current_locale()])


def weekday_names() -> list[str]:
    """The days of the week from Monday on."""
    names = get_day_names("wide", "stand-alone", locale=_REGIONAL[current_locale()])
    return [names[day] for day in range(7)]


def format_instant(value: datetime | None) -> str:
    """An instant on a Paris clock: `3 mars 2026, 12:00`."""
    if value is None:
        return "–"
    local = value.astimezone(PARIS)
    region = _REGIONAL[current_locale()]
    return f"{format_date(local, 'long', locale=region)}, {format_time(local, 'short', locale=region)}"
