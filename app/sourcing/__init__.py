"""Responsible sourcing: the *charter* by which offers are scored, published for everyone to read."""
