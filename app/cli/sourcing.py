"""Commands about choosing well: scores by the charter, the best consolidation."""

from pathlib import Path
from typing import Annotated

import typer


def score(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="One JSON object a line.")],
) -> None:
    """Score offers from a file by the charter's first version, one JSON object a line; docs/reference/charter.md."""
    import json

    from app.sourcing.charter import FIRST_VERSION
    from app.sourcing.score_files import score_lines

    with file.open(encoding="utf-8-sig") as lines:
        scores = list(score_lines(lines, FIRST_VERSION))
    for one in scores:
        typer.echo(json.dumps(one))
