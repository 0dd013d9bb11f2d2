"""The manager's decisions about a draft, and plans of the optimiser."""
