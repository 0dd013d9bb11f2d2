"""Engrenages: group purchasing for business parks."""
