"""Alembic's migrations; they ship with the package so that `engrenages db upgrade` works from anywhere."""
