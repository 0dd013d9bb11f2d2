"""Statements that banks and people send, odd ones too: what each is read as, exactly, or which refusal.

The files of tests/data/statements were made after failures that users of such systems reported; what is right for each
stands in tests/data/statements.json: day, amount, reference, words, counterparty, charges, whether it is a return.
"""

import io
import json
import zipfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from typer.testing import CliRunner

from app.billing.payments.bank_statements import read_statement
from app.billing.payments.movements import Statement, of_account
from app.cli import app
from app.core.errors import InvalidInput
from tests.billing.market import Market
from tests.site import Site

STATEMENTS = Path(__file__).parents[2] / "data" / "statements"
EXPECTED: dict[str, dict[str, Any]] = json.loads(STATEMENTS.with_suffix(".json").read_text())
OWN = "FR7630006000011234567890189"
D = Decimal


def outcome(content: bytes) -> dict[str, Any]:
    try:
        account, movements = read_statement(content)
    except InvalidInput as refusal:
        return {"refused": refusal.code}
    rows = [[str(one.booked_on), str(one.amount), *one[0:1], one.words, one.counterparty] for one in movements]
    return {
        "account": account,
        "movements": [
            [*row, str(one.charges), one.is_return] for row, one in zip(rows, movements, strict=True)
        ],
    }  # fmt: skip


def test_every_file_is_in_the_table() -> None:
    assert sorted(path.name for path in STATEMENTS.iterdir()) == sorted(EXPECTED)


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_a_statement_is_read_as_the_bank_meant_it_or_refused(name: str) -> None:
    assert outcome((STATEMENTS / name).read_bytes()) == EXPECTED[name]


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_the_command_says_what_would_be_taken(name: str) -> None:
    asked = ["read", "statement", str(STATEMENTS / name), "--json", "--account", OWN]
    result = CliRunner().invoke(app, asked)
    said = json.loads(result.stdout)
    expected = EXPECTED[name]
    if "refused" in expected or expected["account"] not in {"", OWN}:
        assert (result.exit_code, set(said)) == (1, {"refused", "message"})
        assert said["refused"] == expected.get("refused", "other_account")
        return
    names = ("day", "amount", "reference", "words", "counterparty")
    assert result.exit_code == 0
    assert said == {
        "account": expected["account"] or None,
        "movements": [dict(zip(names, row, strict=False)) for row in expected["movements"]],
    }


def camt(entries: str, declared: str = "utf-8", account: str = f"<IBAN>{OWN}</IBAN>") -> str:
    return (f'<?xml version="1.0" encoding="{declared}"?><!-- of the bank -->'
            '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><Stmt>'
            f"<Acct><Id>{account}</Id></Acct>{entries}</Stmt></BkToCstmrStmt></Document>")  # fmt: skip


def entry(amount: str, details: str = "", sign: str = "CRDT", more: str = "", currency: str = "EUR") -> str:
    return (f'<Ntry><Amt Ccy="{currency}">{amount}</Amt><CdtDbtInd>{sign}</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>'
            f"<BookgDt><Dt>2026-11-19</Dt></BookgDt>{more}<NtryDtls>{details}</NtryDtls></Ntry>")  # fmt: skip


def detail(amount: str = "", words: str = "", more: str = "", currency: str = "EUR") -> str:
    said = f'<Amt Ccy="{currency}">{amount}</Amt>' if amount else ""
    return f"<TxDtls>{said}{more}<RmtInf><Ustrd>{words}</Ustrd></RmtInf></TxDtls>"


def charge(amount: str, sign: str = "DBIT") -> str:
    return f'<Chrgs><Rcrd><Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>{sign}</CdtDbtInd></Rcrd></Chrgs>'


def read(entries: str) -> list[tuple[str, str, str]]:
    """Amount, charges and words of what entries are read as."""
    return [(str(one.amount), str(one.charges), one.words) for one in read_statement(camt(entries).encode()).movements]


DEBIT = "<CdtDbtInd>DBIT</CdtDbtInd>"
IN_EUROS = "<AmtDtls><TxAmt><Amt Ccy='EUR'>91.00</Amt></TxAmt></AmtDtls>"
SENT = "<AmtDtls><InstdAmt><Amt Ccy='EUR'>{}</Amt></InstdAmt></AmtDtls>"


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        (entry("100.00", detail("150.00", "a") + detail("50.00", "b", DEBIT)),
         [("150.00", "0.00", "a"), ("-50.00", "0.00", "b")]),
        (entry("191.00", detail("100.00", "a") + detail("100.00", "b", IN_EUROS, "USD")),
         [("100.00", "0.00", "a"), ("91.00", "0.00", "b")]),
        (entry("191.00", detail("100.00", "a") + detail("100.00", "b", currency="USD")), [("191.00", "0.00", "a b")]),
        (entry("190.00", detail("100.00", "a") + detail("91.00", "b")), [("190.00", "0.00", "a b")]),
        (entry("190.00", detail("", "a") + detail("", "b")), [("190.00", "0.00", "a b")]),
        (entry("197.00", detail("100.00", "a", charge("1.00")) + detail("100.00", "b", charge("2.00"))),
         [("99.00", "1.00", "a"), ("98.00", "2.00", "b")]),
        (entry("200.00", detail("100.00", "a", charge("1.00")) + detail("100.00", "b")),
         [("100.00", "0.00", "a"), ("100.00", "0.00", "b")]),
        (entry("197.00", detail("100.00", "a") + detail("100.00", "b"), more=charge("3.00")),
         [("100.00", "0.00", "a"), ("100.00", "0.00", "b"), ("-3.00", "3.00", "")]),
        (entry("97.00", detail("100.00", "a"), more=charge("3.00")), [("97.00", "3.00", "a")]),
        (entry("103.00", detail("100.00", "a"), "DBIT", charge("3.00")), [("-103.00", "3.00", "a")]),
        (entry("70.96", detail("", "a", SENT.format("67.46") + charge("3.50")), "DBIT"), [("-70.96", "3.50", "a")]),
        (entry("30.00", detail("", "a", SENT.format("10.00")) + detail("", "b", SENT.format("20.00"))),
         [("10.00", "0.00", "a"), ("20.00", "0.00", "b")]),
        (entry("1474.00", detail("", "a", SENT.format("1500.00").replace("</AmtDtls>", "<TxAmt><Amt Ccy='EUR'>1474.00"
         "</Amt></TxAmt></AmtDtls>") + charge("26.00"))), [("1474.00", "26.00", "a")]),
        (entry("97.00", detail("100.00", "a", "<Chrgs><TtlChrgsAndTaxAmt Ccy='EUR'>3.00</TtlChrgsAndTaxAmt></Chrgs>")),
         [("97.00", "3.00", "a")]),
        (entry("12.<!-- cents -->50", detail("", "a<!-- b -->c")), [("12.50", "0.00", "ac")]),
        (entry("0.00", detail("", "a")), []),
        (entry("5.00", more="<AddtlNtryInf>Intérêts</AddtlNtryInf>"), [("5.00", "0.00", "Intérêts")]),
    ],
)  # fmt: skip
def test_details_count_where_they_come_to_their_entry_else_the_entry_counts(
    entries: str, expected: list[tuple[str, str, str]]
) -> None:
    assert read(entries) == expected


def balance(kind: str, day: str) -> str:
    return f'<Bal><Tp><CdOrPrtry><Cd>{kind}</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">1.00</Amt><Dt><Dt>{day}</Dt></Dt></Bal>'


def test_entries_without_a_day_are_of_the_statements_only_day() -> None:
    bare = entry("5.00").replace("<BookgDt><Dt>2026-11-19</Dt></BookgDt>", "")
    balances = balance("OPBD", "2026-11-18") + balance("CLBD", "2026-11-18")
    (one,) = read_statement(camt(balances + bare).encode()).movements
    assert str(one.booked_on) == "2026-11-18"
    several = balance("OPBD", "2026-11-17") + balance("CLBD", "2026-11-18")
    assert outcome(camt(several + bare).encode()) == {"refused": "no_day"}


cents = st.integers(1, 10**7).map(lambda value: D(value).scaleb(-2))


@given(st.lists(st.tuples(cents, cents, st.booleans(), st.booleans()), min_size=1, max_size=5), st.integers(-3, 3))
def test_whatever_details_say_a_statement_moves_what_its_entries_move(
    details: list[tuple[Decimal, Decimal, bool, bool]], off: int
) -> None:
    total, written = D(off).scaleb(-2), ""
    for amount, fee, charged, out in details:
        total += (-amount if out else amount) - (fee if charged else 0)
        written += detail(str(amount), "w", (DEBIT if out else "<CdtDbtInd>CRDT</CdtDbtInd>")
                          + (charge(str(fee)) if charged else ""))  # fmt: skip
    moved = read(entry(str(abs(total)), written, "CRDT" if total >= 0 else "DBIT"))
    assert sum((D(amount) for amount, _charges, _words in moved), D(0)) == total


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "iso-8859-1", "iso-8859-15", "cp1252"])
def test_xml_is_read_in_whatever_encoding_it_declares(encoding: str) -> None:
    declared = encoding.removesuffix("-sig")
    (one,) = read_statement(camt(entry("5.00", detail("", "Réglé")), declared).encode(encoding)).movements
    assert (one.words, one.amount) == ("Réglé", D("5.00"))


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "no_statement"),
        (camt(entry("5.00", currency="CHF")).encode(), "not_euros"),
        (camt(entry("5.00")).replace("camt.053", "camt.052").encode(), "not_a_statement"),
        (camt(entry("5.00")).replace("<BookgDt><Dt>2026-11-19</Dt></BookgDt>", "").encode(), "no_day"),
        (camt(entry("5.00", sign="")).encode(), "invalid"),
        (camt(entry("5.005")).encode(), "invalid"),
        (camt(entry("1e3")).encode(), "invalid"),
        (camt(entry("5.00")).replace("2026-11-19", "9999-11-19").encode(), "invalid"),
        (b'<!DOCTYPE a [<!ENTITY e "5.00">]>' + camt(entry("&e;")).encode().split(b"?>", 1)[1], "invalid"),
        (camt(entry("5.00")).encode()[:-20], "not_xml"),
        (camt("", account=f"<IBAN>{OWN}</IBAN></Id></Acct></Stmt><Stmt><Acct><Id><IBAN>DE89370400440532013000</IBAN>")
         .encode(), "several_accounts"),
        (b"Date;Libelle;Debit;Credit\n26/11/2026;x;12,00;12,00\n", "bad_cell"),
        (b"Date;Libelle;Debit;Credit\n11/26/2026;x;12,00;\n", "bad_cell"),
        (b"Date;Libelle;Montant\n26/11/2026;x;1.234\n", "bad_cell"),
        (b"Date;Libelle;Montant;Devise\n26/11/2026;x;12,00;CHF\n", "bad_cell"),
        (b"Date;Libelle;Montant\n26/11/2026;a;b;12,00\n", "bad_cell"),
        (b"Date;Libelle;Montant;Sens\n26/11/2026;x;12,00;?\n", "bad_cell"),
        (b"Date;Libelle;Montant;Sens\n26/11/2026;x;-12,00;C\n", "bad_cell"),
        (b"Date;Libelle;Montant\nTotal;x;12,00\n", "bad_cell"),
        (b":20:STARTUMS\n:25:30006/00001123456\n:61:2611190000C12,00NTRFNONREF\n", "bad_header"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_surely_is_refused(content: bytes, code: str) -> None:
    assert outcome(content) == {"refused": code}


def test_an_archive_is_refused_with_the_cure() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("s.xml", camt(entry("5.00")))
    assert outcome(packed.getvalue()) == {"refused": "archive"}


FRENCH = """Compte courant;FR76 3000 6000 0112 3456 7890 189
Solde au 27/11/2026;1 234,56
\n
Date;Libellé;Débit;Crédit
26/11/2026;VIR RECU Menuiserie Éclair;;1 067,46
27/11/2026;FRAIS;3,50;
27/11/2026;CB EPICERIE;-12,00;0,00
"""


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("separator", [";", "\t"])
def test_tables_of_french_banks_are_read(encoding: str, separator: str) -> None:
    account, movements = read_statement(FRENCH.replace(";", separator).encode(encoding))
    assert account == OWN
    assert [(str(one.booked_on), one.amount, one.words) for one in movements] == [
        ("2026-11-26", D("1067.46"), "VIR RECU Menuiserie Éclair"), ("2026-11-27", D("-3.50"), "FRAIS"),
        ("2026-11-27", D("-12.00"), "CB EPICERIE")]  # fmt: skip


@pytest.mark.parametrize(
    ("written", "amount"),
    [("-12,50", "-12.50"), ("+12,50", "12.50"), ("1\u202f234,56", "1234.56"), ("12,50 €", "12.50"),
     ("\u221212.50 EUR", "-12.50"), ("45,00-", "-45.00"), ("1.234,56", "1234.56"), ("12", "12.00")],
)  # fmt: skip
def test_amounts_are_read_as_they_are_written(written: str, amount: str) -> None:
    (one,) = read_statement(f"Date opération;Libellé;Montant (EUR)\n26/11/2026;x;{written}\n".encode()).movements
    assert one.amount == D(amount)


@pytest.mark.parametrize(
    ("side", "amount"), [("D", "-12.00"), ("Débit", "-12.00"), ("-", "-12.00"), ("C", "12.00"), ("CRDT", "12.00")]
)
def test_a_column_that_says_debit_or_credit_gives_the_sign(side: str, amount: str) -> None:
    content = f"Date;Libellé;Montant;Sens\n26/11/26;x;12,00;{side}\nSolde au 27/11/2026;;;\n"
    (one,) = read_statement(content.encode()).movements
    assert (str(one.booked_on), str(one.amount)) == ("2026-11-26", amount)


def test_several_columns_of_words_stand_together_and_the_booking_day_counts() -> None:
    content = (
        "Date valeur;Date comptable;Libellé;Informations complémentaires;Montant\n28/11/2026;26/11/2026;VIR;F 1;5\n"
    )
    (one,) = read_statement(content.encode()).movements
    assert (str(one.booked_on), one.words) == ("2026-11-26", "VIR F 1")


@pytest.mark.parametrize(
    ("account", "refused"),
    [(OWN, False), ("", False), ("30006000011234567890189", False), ("DE89370400440532013000", True),
     ("FR1420041010050500013M02606", True), ("0189", True), ("99999999999", True)],
)  # fmt: skip
def test_the_statement_of_another_account_is_refused(account: str, refused: bool) -> None:
    statement = Statement(account, [])
    assert of_account([statement], "") == statement
    if not refused:
        assert of_account([statement], OWN) == statement
        return
    with pytest.raises(InvalidInput) as told:
        of_account([statement], OWN)
    assert told.value.code == "other_account"


def test_of_a_file_with_several_accounts_ours_alone_is_taken() -> None:
    other = "<Acct><Id><IBAN>DE89370400440532013000</IBAN></Id></Acct>"
    content = camt(f"{entry('5.00')}</Stmt><Stmt>{other}{entry('6.00')}").encode()
    assert outcome(content) == {"refused": "several_accounts"}
    account, movements = read_statement(content, OWN)
    assert (account, [str(one.amount) for one in movements]) == (OWN, ["5.00"])


@pytest.mark.parametrize(
    ("name", "refusal"),
    [("camt-sdd-return-with-fee.xml", ""), ("statement-cp1252.csv", ""), ("camt-no-entries.xml", ""),
     ("camt-other-account.xml", "statement of another account"), ("statement-nul.csv", "is not a text file"),
     ("statement-short-row.csv", "this row has no amount")],
)  # fmt: skip
def test_the_running_site_takes_or_refuses_the_same(market: Market, site: Site, name: str, refusal: str) -> None:
    files = {"file": (name, (STATEMENTS / name).read_bytes())}
    answer = site.post("/payments/statements", market.treasurer, files=files)
    assert (answer.status_code, refusal in answer.text) == (422 if refusal else 303, True)
    kept = market.world.session.scalar(text("SELECT count(*) FROM bank_movements"))
    assert kept == len(EXPECTED[name].get("movements", []) if not refusal else [])
