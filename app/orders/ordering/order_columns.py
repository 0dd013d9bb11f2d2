"""Columns of order files and of quick orders."""

import tempfile
from pathlib import Path

from app.core.tabular import Column, TableReader, code, euros, instant, integer, mail_address, one_of, text

ORDER_COLUMNS = (
    Column("order_ref", code(60)),
    Column("company_code", code(40)),
    Column("company_name", text(), required=False, default=""),
    Column("employee_email", mail_address, required=False, default=""),
    Column("park", text(40), required=False, default=""),
    Column("placed_at", instant),
    Column("supplier_code", code(40)),
    Column("sku", code(80)),
    Column("quantity", integer(1, 1_000_000)),
    Column("tolerance", integer(0, 1_000_000), required=False, default=0),
    Column("ceiling_price", euros(4), required=False),
    Column("if_unfilled", one_of("cancel", "roll_over"), required=False, default="roll_over"),
)

# A sheet for a quick order: SKU and quantity; the supplier only where several have the SKU.
QUICK_ORDER_COLUMNS = (
    Column("sku", code(80)),
    Column("quantity", text(20), required=False, default="1"),
    Column("tolerance", text(20), required=False, default="0"),
    Column("supplier_code", text(40), required=False, default=""),
)


def typed_lines_of(content: bytes, file_name: str) -> str:
    """The rows of a quick order's sheet as the lines that somebody would have typed."""
    with tempfile.TemporaryDirectory(prefix="engrenages-quick-") as folder:
        path = Path(folder) / "sheet"
        path.write_bytes(content)
        reader = TableReader(path, QUICK_ORDER_COLUMNS, name=Path(file_name).name[:100])
        lines = [
            f"{supplier_code}:{sku} {quantity} {tolerance}".lstrip(":")
            for _line, (sku, quantity, tolerance, supplier_code) in reader
        ]
        reader.stop_if_bad()
    return "\n".join(lines)
