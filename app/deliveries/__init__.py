"""Grouped deliveries: what each *drop* brings to a park, and its *split sheet* and *labels* for the firms there."""
