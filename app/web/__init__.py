"""The web shell: the edge where a request becomes one transaction, errors, page rendering, styles and static files."""
