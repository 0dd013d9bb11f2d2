"""The messages of the product and their French: `python -m tools.messages` brings fr.po in step with the code."""

from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).parent.parent
FRENCH = ROOT / "app" / "core" / "translations" / "fr.po"
_METHODS = [("**.py", "python"), ("**/templates/**.html", "jinja2")]
# Functions and errors whose first argument is said to people; `reject` takes its cure as the fourth.
KEYWORDS = {
    **dict.fromkeys(("_", "gettext", "marked", "Cure", "__init__", "_Unexpected", "TooLarge", "TooManyTries")),
    **dict.fromkeys(("InvalidInput", "Conflict", "NotFound", "NotAllowed", "NotSignedIn", "BudgetExceeded")),
    **dict.fromkeys(
        ("Unavailable", "DocumentRefused", "BackupFailed", "NoPlanFound", "RegisterUnreachable", "TooManyRequests")
    ),
    "ngettext": (1, 2),
    "reject": (4,),
}


def extract() -> Catalog:
    """Every message of the code and the templates."""
    catalog = Catalog()
    found = extract_from_dir(
        ROOT / "app",
        _METHODS,
        options_map={
            "**/templates/**.html": {"newstyle_gettext": "true", "extensions": "jinja2.ext.do", "silent": "false"}
        },
        keywords=KEYWORDS,
    )
    for filename, _line, message, _comments, context in found:
        if message:
            catalog.add(message, locations=[(filename, 0)], context=context)
    return catalog


def read_french() -> Catalog:
    """The French catalogue as it is in the repository."""
    with FRENCH.open(encoding="utf-8") as file:
        return read_po(file, locale="fr")


def main() -> None:
    """Add what is new, drop what is gone, keep what is translated."""
    french = read_french() if FRENCH.exists() else Catalog(locale="fr", project="Engrenages")
    french.update(extract(), no_fuzzy_matching=True)
    french.obsolete.clear()
    with FRENCH.open("wb") as file:
        write_po(file, french, no_location=True, omit_header=True, sort_output=True, width=119)


if __name__ == "__main__":
    main()
