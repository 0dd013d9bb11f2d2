"""Pages of tenders for the association, and of bids for suppliers."""
