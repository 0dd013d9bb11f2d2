"""Files sent over the web, put on disk for the readers that stream them."""

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from fastapi import UploadFile

from app.core.tabular import Column, TableReader


@contextmanager
def uploaded_table(file: UploadFile, columns: Sequence[Column]) -> Iterator[TableReader]:
    """A reader over an uploaded table, under the name that its sender knows it by."""
    with tempfile.TemporaryDirectory(prefix="engrenages-upload-") as folder:
        path = Path(folder) / "upload"
        with path.open("wb") as stored:
            shutil.copyfileobj(file.file, stored)
        yield TableReader(path, columns, name=Path(file.filename or "upload").name[:100])
