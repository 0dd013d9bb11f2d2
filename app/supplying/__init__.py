"""The suppliers' side: their API, their portal, what their systems send and are told.

A *speaker* is somebody who speaks for a supplier. `api` and `pages` are two doors to the same use cases: orders are
answered and despatched by those of `app.orders`.
"""
