"""The books, in double entry, append-only: `chart` (accounts), `entries`, `books` (balances, ledgers, FEC), `closing`
of months.
"""
