"""`python -m app.cli`: the same as `engrenages`."""

from app.cli import main

main()
