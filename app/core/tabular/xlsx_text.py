"""Text of workbooks: runs joined, phonetic hints left out, escapes undone (ECMA-376-1, 18.4 and 22.9.2.19)."""

import re

LONGEST_TEXT = 32_767  # Excel's own limit for a cell
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")


class TextTooLong(ValueError):
    """A text is longer than a cell of Excel may be."""


def unescaped(text: str) -> str:
    """A text with `_xHHHH_` as the character that it stands for."""
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text


class TextCollector:
    """Collects what the `t` elements of one string item say, as an XML reader comes by."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._length = 0
        self._taking = False
        self._phonetic = False

    def begin(self) -> None:
        """Begin a new text."""
        self._pieces.clear()
        self._length = 0
        self._taking = self._phonetic = False

    def start(self, element: str) -> None:
        """An element begins."""
        if element == "t":
            self._taking = not self._phonetic
        elif element == "rPh":
            self._phonetic = True

    def end(self, element: str) -> None:
        """An element ends."""
        if element == "t":
            self._taking = False
        elif element == "rPh":
            self._phonetic = False

    def characters(self, piece: str) -> None:
        """Characters of whatever element."""
        if self._taking:
            self._length += len(piece)
            if self._length > 7 * LONGEST_TEXT:  # every character may be escaped
                raise TextTooLong("a text is too long")
            self._pieces.append(piece)

    def finish(self) -> str:
        """The text."""
        text = unescaped("".join(self._pieces))
        if len(text) > LONGEST_TEXT:
            raise TextTooLong("a text is too long")
        return text
