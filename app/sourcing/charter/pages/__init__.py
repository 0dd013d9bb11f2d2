"""Pages of the charter: for everyone, its editor, evidence to look at."""
