"""Read every CAMT file of public repositories and compare what our reader takes with what their entries say.

`python -m tools.camt_sums FOLDER...`: checkouts, or git directories (of bare clones too). Nothing of theirs ships with
us, so no test needs them. Files are told by what they hold, also inside ZIP archives. Accounts in other currencies are
read as if in euros, so that their sums count too; CAMT.052 and 054 have to be refused, as they are no statements.
Ends with status 1 where a sum differs, or where a folder has no CAMT file at all.
"""

import io
import re
import subprocess
import sys
import zipfile
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import NamedTuple

from lxml import etree

from app.billing.payments.bank_statements import read_statement
from app.core.errors import DomainError
from app.core.i18n import speaking

_CAMT = re.compile(rb"urn:iso:std:iso:20022:tech:xsd:camt\.0(5[234])\.")
_ROOT = re.compile(rb"<(?:[A-Za-z0-9]+:)?Document[\s>]")
_MOST_BYTES = 20_000_000
_CENT = Decimal("0.01")


class Verdict(NamedTuple):
    """What came of a file: `same`, `refused` or `differs`, and why."""

    outcome: str
    words: str = ""


def files_in(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Every file of a checkout, or of the last commit of a git directory, with its name."""
    if (folder / "HEAD").is_file():
        asked = ["git", "-C", str(folder)]
        listed = subprocess.run([*asked, "ls-tree", "-rlz", "HEAD"], capture_output=True, check=True).stdout
        for line in filter(None, listed.decode("utf-8", "surrogateescape").split("\0")):
            about, name = line.split("\t", 1)
            _mode, kind, blob, size = about.split()
            if kind == "blob" and size.isdigit() and int(size) < _MOST_BYTES:  # what a mirror left out has no size
                found = subprocess.run([*asked, "cat-file", "blob", blob], capture_output=True, check=False)
                yield name, found.stdout
        return
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.stat().st_size < _MOST_BYTES:
            yield str(path.relative_to(folder)), path.read_bytes()


def statements_in(name: str, content: bytes) -> Iterator[tuple[str, bytes]]:
    """A CAMT document, or those in an archive."""
    if content.startswith(b"PK"):
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                for inner in archive.infolist():
                    if inner.file_size < _MOST_BYTES:
                        yield from statements_in(f"{name}/{inner.filename}", archive.read(inner))
        except (zipfile.BadZipFile, RuntimeError, NotImplementedError):
            return
    elif content.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<") and _CAMT.search(content) and _ROOT.search(content):
        yield name, content


def compare(content: bytes) -> Verdict:
    """Whether our reader takes of a document what its entries move."""
    in_euros = re.sub(rb"(Ccy=[\"'])[A-Z]{3}", rb"\1EUR", content)
    parser = etree.XMLParser(recover=True, remove_comments=True, resolve_entities=False)
    root = etree.fromstring(in_euros, parser)
    accounts = {"".join(node.itertext()).strip() for node in root.iterfind(".//{*}Stmt/{*}Acct/{*}Id")} or {""}
    try:
        with speaking("en"):
            takes = [read_statement(in_euros, one if len(accounts) > 1 else "").movements for one in sorted(accounts)]
    except DomainError as refusal:
        return Verdict("refused", f"{refusal.code}: {refusal}")
    movements = [one for movements in takes for one in movements]
    took = sum((one.amount for one in movements), Decimal(0))
    moved = sum(map(_signed, filter(_is_booked, root.iterfind(".//{*}Stmt/{*}Ntry"))), Decimal(0))
    if took != moved:
        return Verdict("differs", f"took {took}, entries move {moved}")
    off = [f"balances move {by}, entries {entries}" for by, entries in map(_balances, root.iterfind(".//{*}Stmt"))
           if by is not None and by != entries]  # fmt: skip
    return Verdict("same", f"{len(movements)} movements, {took}" + "".join(f" (its own {one})" for one in off))


def _is_booked(entry: etree._Element) -> bool:
    status = entry.findtext("{*}Sts/{*}Cd") or entry.findtext("{*}Sts") or ""
    return status.strip() in {"BOOK", ""}


def _signed(node: etree._Element) -> Decimal:
    sign = -1 if (node.findtext("{*}CdtDbtInd") or "").strip() == "DBIT" else 1
    return sign * Decimal((node.findtext("{*}Amt") or "0").strip())


def _balances(statement: etree._Element) -> tuple[Decimal | None, Decimal]:
    """By how much the balances of a statement differ, where it has one of before and one of after; and its entries."""
    known = {}
    for balance in statement.iterfind("{*}Bal"):
        known.setdefault((balance.findtext("{*}Tp/{*}CdOrPrtry/{*}Cd") or "").strip(), balance)
    before, after = known.get("OPBD", known.get("PRCD")), known.get("CLBD")
    entries = sum(map(_signed, filter(_is_booked, statement.iterfind("{*}Ntry"))), Decimal(0))
    if before is None or after is None:
        return None, entries
    try:
        return (_signed(after) - _signed(before)).quantize(_CENT), entries.quantize(_CENT)
    except InvalidOperation:
        return None, entries


def main() -> None:
    """Compare, print a line a file, and the counts."""
    counts: Counter[str] = Counter()
    empty = []
    for folder in map(Path, sys.argv[1:]):
        found = 0
        for name, content in files_in(folder):
            for inner, document in statements_in(name, content):
                found += 1
                kind = _CAMT.search(document)
                verdict = compare(document)
                outcome = verdict.outcome
                if kind is not None and kind[1] != b"53":  # what is no statement has to be refused
                    outcome = "no statement, refused" if outcome == "refused" else "differs"
                counts[outcome] += 1
                sys.stdout.write(f"{outcome:22} {folder.parent.name or folder.name}: {inner}: {verdict.words}\n")
        if not found:
            empty.append(str(folder))
    sys.stdout.write(", ".join(f"{count} {outcome}" for outcome, count in sorted(counts.items())) or "no file")
    sys.stdout.write("\n")
    if empty:
        sys.stdout.write(f"No CAMT file in: {', '.join(empty)}\n")
    sys.exit(1 if counts["differs"] or empty or not counts else 0)


if __name__ == "__main__":
    main()
