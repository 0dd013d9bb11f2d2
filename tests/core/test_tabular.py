"""Reading people's files: what is forgiven, and what is refused with its place and cure."""

import zipfile
from pathlib import Path

import openpyxl
import pytest

from app.catalog.columns import OFFER_COLUMNS, SUPPLIER_COLUMNS
from app.core.errors import InvalidInput
from app.core.i18n import speaking
from app.core.tabular import BadFile, Column, TableReader, text

HEADER = "supplier_code,sku,product_ref,name,pack_size,vat_rate,gtin,price_tiers\n"


def offers(path: Path, *rows: str, header: str = HEADER, encoding: str = "utf-8") -> TableReader:
    path.write_bytes((header + "".join(row + "\n" for row in rows)).encode(encoding))
    return TableReader(path, OFFER_COLUMNS)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "offers.csv"


def only_bad(reader: TableReader) -> tuple[int, str, str, str]:
    list(reader)
    (bad,) = reader.bad_cells
    return bad.line, bad.column, bad.value, bad.cure


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_french_office_programs_write_files_that_are_read(path: Path, encoding: str, separator: str) -> None:
    header = HEADER.replace(",", separator)
    row = separator.join(("S1", "K1", "P1", "Gants épais", "10", "5.5", "", "1:12.50|10:11.9"))
    ((_line, values),) = offers(path, row, header=header, encoding=encoding)
    assert values[3] == "Gants épais"


def test_decimal_commas_are_read_where_semicolons_part_the_cells(path: Path) -> None:
    ((_line, values),) = offers(path, "S1;K1;P1;Gants;10;5,5;;1:12,50|10:1190", header=HEADER.replace(",", ";"))
    assert str(values[-3]) == "5.50"
    assert [str(price) for _quantity, price in values[-1]] == ["12.5000", "1190.0000"]


def test_columns_are_found_in_any_order_and_unknown_ones_reported(path: Path) -> None:
    reader = offers(path, "x,1:2,P1,K1,S1,Gants", header="colour,price_tiers,product_ref,sku,supplier_code,name\n")
    ((_line, values),) = reader
    assert values[:4] == ["S1", "K1", "P1", "Gants"]
    assert reader.unknown_columns == ["colour"]


def test_a_workbook_is_read_like_a_csv(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["supplier_code", "name", "minimum_order"])
    book.active.append(["S1", "Maison", 120.5])
    book.save(tmp_path / "suppliers.xlsx")
    ((line, values),) = TableReader(tmp_path / "suppliers.xlsx", SUPPLIER_COLUMNS)
    assert (line, values[0], str(values[5])) == (2, "S1", "120.50")


def test_a_missing_column_names_all_that_are_known(path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"line 1: the header is not right \(missing: price_tiers\)"):
        list(offers(path, header="supplier_code,sku,product_ref,name\n"))


@pytest.mark.parametrize(
    ("row", "column", "value", "cure"),
    [
        ("S1,K1,P1,Gants,dix,20,,1:5", "pack_size", "dix", "a number, such as 12.50 or 12,50"),
        ("S1,K1,P1,Gants,0,20,,1:5", "pack_size", "0", "a whole number from 1 to 1000000"),
        ("S1,K1,P1,Gants,1,20.123,,1:5", "vat_rate", "20.123", "at most 2 decimals"),
        ("S1,K1,P1,Gants,1,20,4006381333932,1:5", "gtin", "4006381333932", "a GTIN of 8, 12, 13 or 14 digits"),
        ("S1,K1,P1,Gants,1,20,,10:5|5:4", "price_tiers", "10:5|5:4", "from:price pairs parted by |"),
        ("S1,,P1,Gants,1,20,,1:5", "sku", "", "this cell must not be empty"),
        ("S1,K1,P1,Gants,1,20,,1:5,more", "", "9", "the header has 8 cells"),
    ],
)
def test_a_bad_cell_is_told_with_line_column_value_and_cure(
    path: Path, row: str, column: str, value: str, cure: str
) -> None:
    line, found_column, found_value, found_cure = only_bad(offers(path, row))
    assert (line, found_column, found_value) == (2, column, value)
    assert found_cure.startswith(cure)


def test_the_cure_is_said_in_the_readers_language(path: Path) -> None:
    with speaking("fr"):
        assert only_bad(offers(path, "S1,,P1,Gants,1,20,,1:5"))[3] == "cette cellule ne peut pas rester vide"


def test_one_pass_finds_every_bad_cell_of_a_file(path: Path) -> None:
    reader = offers(path, "S1,K1,P1,Gants,x,y,,z", "S1,K2,P2,Papier,1,20,,1:5", "S1,K3,P3,Colle,1,200,,1:5")
    assert len(list(reader)) == 1
    assert [(bad.line, bad.column) for bad in reader.bad_cells] == [
        (2, "pack_size"),
        (2, "vat_rate"),
        (2, "price_tiers"),
        (4, "vat_rate"),
    ]
    with pytest.raises(BadFile, match="4 cells cannot be read"):
        reader.stop_if_bad()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"\x00\x01\x02\x03", "not a text file"),
        (b"sku\n\x81\xe9", "not a text file in UTF-8 or Windows-1252"),
        (b"PK\x03\x04rubbish", "not a readable XLSX workbook"),
    ],
)
def test_what_is_no_table_is_refused_plainly(path: Path, content: bytes, message: str) -> None:
    path.write_bytes(content)
    with pytest.raises(InvalidInput, match=message):
        list(TableReader(path, SUPPLIER_COLUMNS))


MERGED = {
    "one over all rows": '<mergeCell ref="A2:IV1048576"/>',
    "wide ones on many rows": "".join(f'<mergeCell ref="A{row}:IV{row}"/>' for row in range(2, 4_000)),
}


@pytest.mark.parametrize("merged", MERGED)
def test_merged_cells_that_reach_over_too_many_others_are_refused(tmp_path: Path, merged: str) -> None:
    rows = "".join(f'<row r="{row}"><c r="A{row}" t="inlineStr"><is><t>x</t></is></c></row>' for row in range(2, 4_000))
    workbook = openpyxl.Workbook()
    workbook.active.append(["name"])
    workbook.save(tmp_path / "small.xlsx")
    with (
        zipfile.ZipFile(tmp_path / "small.xlsx") as small,
        zipfile.ZipFile(tmp_path / "bomb.xlsx", "w", zipfile.ZIP_DEFLATED) as bomb,
    ):
        for name in small.namelist():
            end = f"{rows}</sheetData><mergeCells>{MERGED[merged]}</mergeCells>".encode()
            bomb.writestr(name, small.read(name).replace(b"</sheetData>", end))
    with pytest.raises(InvalidInput, match="reach over too many"):
        list(TableReader(tmp_path / "bomb.xlsx", (Column("name", text()),)))
