"""What Excel shows for a number under its number format (ECMA-376, Part 1, 18.8.30 and 18.8.31).

Digits, leading zeros, decimals, percents and words of a format are followed. Thousands separators are left out, the
decimal sign is a point: those differ by language. Days and times become ISO 8601. Fractions, exponents and conditions
are left to the value itself.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from app.core.i18n import marked
from app.core.tabular.cells import Cure, SheetMoment, SheetNumber, Unreadable

BUILT_IN_FORMATS = {
    **{"1": "0", "2": "0.00", "3": "#,##0", "4": "#,##0.00", "9": "0%", "10": "0.00%", "11": "0.00E+00"},
    **{"12": "# ?/?", "13": "# ??/??", "14": "yyyy-mm-dd", "15": "d-mmm-yy", "16": "d-mmm", "17": "mmm-yy"},
    **{"18": "h:mm AM/PM", "19": "h:mm:ss AM/PM", "20": "h:mm", "21": "h:mm:ss", "22": "yyyy-mm-dd h:mm"},
    **dict.fromkeys(map(str, (*range(27, 32), *range(34, 37), *range(50, 59))), "yyyy-mm-dd"),
    **dict.fromkeys(("5", "6", "37", "38", "41", "42"), "#,##0"),
    **dict.fromkeys(("7", "8", "39", "40", "43", "44"), "#,##0.00"),
    **{"32": "h:mm", "33": "h:mm:ss", "45": "mm:ss", "46": "[h]:mm:ss", "47": "mm:ss.0", "48": "##0.0E+0"},
}
_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"?|\\(?P<escaped>.)|[_*].|\[\$(?P<currency>[^\]-]*)[^\]]*\]|(?P<bracket>\[[^\]]*\])'
    r"|(?P<general>General)|(?P<clock>AM/PM|A/P)|(?P<exponent>[Ee][+-])|(?P<other>.)",
    re.IGNORECASE | re.DOTALL,
)
_COLOUR = re.compile(r"\[(?:black|blue|cyan|green|magenta|red|white|yellow|colou?r ?\d+)\]", re.IGNORECASE)
_ELAPSED = re.compile(r"\[(?:h+|m+|s+)\]", re.IGNORECASE)
_MOST_DIGITS = Decimal(10) ** 15  # Excel keeps 15 digits
_TOO_MANY_DIGITS = marked("at most 15 digits, as Excel keeps no more: format the column as text, then write it again")
_MOST_PLACES = 10
_LAST_DAY = 2_958_466  # the first serial after 9999-12-31


@dataclass(frozen=True)
class _Section:
    """One section of a format. `whole` and `decimals`: placeholders `0 # ?`; others are characters after a quote."""

    kind: str  # number, words, general, date, time, both, scaled
    whole: tuple[str, ...] = ()
    decimals: tuple[str, ...] = ()
    percents: int = 0


def shown(value: float, code: str, *, counts_from_1904: bool = False) -> str:
    """What Excel shows for a number: a `SheetNumber`, `SheetMoment`, `Unreadable`, or words of the format."""
    sections = _sections(code)
    number = Decimal(f"{value:.15g}")
    if sections[0].kind in ("date", "time", "both"):
        return _moment(value, sections[0].kind, counts_from_1904)
    if abs(number) >= _MOST_DIGITS:
        return Unreadable(f"{number:.15g}", Cure(_TOO_MANY_DIGITS))
    section, signed = _section_for(number, sections)
    if section.kind == "scaled":
        return Unreadable(
            f"{number:f}", Cure("the number itself, where its format scales it: format the cell as a plain number")
        )
    if section.kind == "general":
        return SheetNumber(f"{number:f}", number)
    if section.kind == "words":
        return "".join(token[1:] for token in section.whole).strip()
    scaled = (abs(number) * 100**section.percents).quantize(Decimal(1).scaleb(-_places(section)), ROUND_HALF_UP)
    rounded = scaled.copy_sign(number) if scaled else scaled
    minus = "-" if signed and rounded < 0 else ""
    return SheetNumber(minus + _written(scaled, section), rounded, is_percent=section.percents > 0)


def _section_for(number: Decimal, sections: tuple[_Section, ...]) -> tuple[_Section, bool]:
    """The section for a number, and whether it writes a minus by itself."""
    if number < 0 and len(sections) > 1:
        return sections[1], False
    if number == 0 and len(sections) > 2:
        return sections[2], False
    return sections[0], True


def _places(section: _Section) -> int:
    return min(sum(len(token) == 1 for token in section.decimals), _MOST_PLACES)


def _written(amount: Decimal, section: _Section) -> str:
    """The digits of a rounded amount put into the places of a format, with its words between them."""
    whole, _point, decimals = f"{amount:f}".partition(".")
    digits = list("" if whole == "0" else whole)
    first = next((i for i, token in enumerate(section.whole) if len(token) == 1), 0)
    written: list[str] = []  # from right to left
    for i in reversed(range(len(section.whole))):
        token = section.whole[i]
        if len(token) > 1:
            written.append(token[1:])
        elif digits or token == "0":
            written.append(digits.pop() if digits else "0")
        if i == first:
            written.extend(reversed(digits))
            digits = []
    written.extend(reversed(digits))
    left = iter(decimals)
    fraction = [(next(left, "0"), token) if len(token) == 1 else (token[1:], token) for token in section.decimals]
    while fraction and fraction[-1][0] == "0" and fraction[-1][1] in ("#", "?"):
        fraction.pop()
    point = "." if any(len(token) == 1 for _written_as, token in fraction) else ""
    return ("".join(reversed(written)) + point + "".join(piece for piece, _token in fraction)).strip()


def _moment(serial: float, kind: str, counts_from_1904: bool) -> str:
    """A serial number of days as ISO 8601, to the second (ECMA-376, Part 1, 18.17.4)."""
    if not 0 <= serial < _LAST_DAY - (1462 if counts_from_1904 else 0):
        return Unreadable(f"{serial:g}", Cure("a date of the years 1900 to 9999"))
    if kind == "time" and serial >= 1:
        hours, seconds = divmod(round(serial * 86400), 3600)
        return SheetMoment(f"{hours}:{seconds // 60:02}:{seconds % 60:02}")
    epoch = datetime(1904, 1, 1) if counts_from_1904 else datetime(1899, 12, 31 if serial < 60 else 30)  # noqa: DTZ001
    instant = epoch + timedelta(seconds=round(serial * 86400))
    if kind == "time":
        return SheetMoment(instant.time().isoformat())
    return SheetMoment(instant.date().isoformat() if kind == "date" else instant.isoformat())


@lru_cache(maxsize=1024)
def _sections(code: str) -> tuple[_Section, ...]:
    return tuple(_section(part) for part in _split(code)) or (_Section("general"),)


def _split(code: str) -> list[list[re.Match[str]]]:
    parts: list[list[re.Match[str]]] = [[]]
    for token in _TOKEN.finditer(code):
        if token["other"] == ";":
            parts.append([])
        else:
            parts[-1].append(token)
    return parts[:4]


def _section(tokens: list[re.Match[str]]) -> _Section:
    whole: list[str] = []
    decimals: list[str] = []
    letters = "".join((t["other"] or "") + ("h" if t["clock"] else "") for t in tokens).lower()
    elapsed = any(t["bracket"] and _ELAPSED.match(t["bracket"]) for t in tokens)
    if elapsed or set(letters) & set("ymdhs"):
        return _Section(_date_kind(letters, elapsed))
    percents, commas, scaled = 0, 0, False
    side = whole
    for token in tokens:
        other = token["other"] or ""
        if token["general"] or token["exponent"] or other in {"/", "@"}:
            return _Section("general")
        if token["bracket"] and not _COLOUR.match(token["bracket"]):
            return _Section("general")  # a condition
        if other == ".":
            scaled, side = scaled or commas > 0, decimals
        elif other == ",":
            commas += 1
        elif other in {"0", "#", "?"}:
            commas = 0
            side.append(other)
        else:
            percents += other == "%"
            words = token["quoted"] or token["escaped"] or token["currency"] or other
            side.extend(f"'{character}" for character in words)
    if not any(len(token) == 1 for token in (*whole, *decimals)):
        return _Section("words", (*whole, *decimals))
    if scaled or commas or percents > 1:
        return _Section("scaled")
    return _Section("number", tuple(whole), tuple(decimals), percents)


def _date_kind(letters: str, elapsed: bool) -> str:
    has_time = elapsed or bool(set(letters) & set("hs"))
    has_date = bool(set(letters) & set("yd")) or not has_time
    return "both" if has_date and has_time else "date" if has_date else "time"
