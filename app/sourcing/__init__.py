"""Responsible sourcing: the *charter* by which offers are scored, published for everyone to read; evidence for it,
scores, and the *optimiser* that finds the best choice of offers."""
