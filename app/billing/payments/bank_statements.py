"""Bank statements: CAMT.053 or CSV, told apart by what they hold. Pure."""

import codecs

from app.billing.payments.camt import read_camt
from app.billing.payments.movements import Statement, of_account
from app.billing.payments.statement_tables import read_table
from app.core.errors import InvalidInput

_MOST_BYTES = 20_000_000
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def read_statement(content: bytes, own_account: str = "") -> Statement:
    """The movements of a statement of our own account (an IBAN without blanks; empty: of whichever it is).

    Raises `InvalidInput` for a file that is none, not in euros, or of another account.
    """
    return of_account(_read(content), own_account)


def _read(content: bytes) -> list[Statement]:
    if not content.strip() or len(content) > _MOST_BYTES:
        raise InvalidInput("A statement is a CAMT.053 or CSV file of at most 20 MB.", code="no_statement", field="file")
    if content.startswith(b"PK"):
        raise InvalidInput(
            "The file is an archive or a workbook: unpack it, or save it as CSV.", code="archive", field="file"
        )
    bare = content.removeprefix(codecs.BOM_UTF8).lstrip()
    if bare.startswith(b"<"):
        return read_camt(bare)
    if content.startswith(_UTF_16) and content.decode("utf-16", "replace").lstrip().startswith("<"):
        return read_camt(content)
    return read_table(content)
