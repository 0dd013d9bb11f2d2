"""What lists need at hand: each product's lowest list price, and how many products stand on each shelf."""

from collections.abc import Mapping

from sqlalchemy import text
from sqlmodel import Session


def refresh_listing(session: Session, product_id: int | None = None) -> None:
    """Bring lowest prices (of one product, or of all) and shelf counts up to date with the offers not withdrawn."""
    session.flush()
    only = "WHERE p.id = :product_id" if product_id is not None else ""
    session.execute(
        text(f"""
            UPDATE products SET lowest_price = fresh.price
            FROM (
                SELECT p.id, min(o.tier_prices[1]) AS price
                FROM products p LEFT JOIN offers o ON o.product_id = p.id AND o.withdrawn_at IS NULL
                {only} GROUP BY p.id
            ) fresh
            WHERE fresh.id = products.id AND products.lowest_price IS DISTINCT FROM fresh.price
        """),
        {"product_id": product_id} if product_id is not None else {},
    )
    session.execute(text("DELETE FROM shelf_counts"))
    session.execute(
        text("""
            INSERT INTO shelf_counts (category_id, supplier_id, product_count)
            SELECT category_id, supplier_id, count(*)
            FROM (
                SELECT DISTINCT p.category_id, o.supplier_id, p.id
                FROM products p JOIN offers o ON o.product_id = p.id AND o.withdrawn_at IS NULL
            ) listed
            GROUP BY category_id, supplier_id
            UNION ALL
            SELECT category_id, NULL, count(*) FROM products WHERE lowest_price IS NOT NULL GROUP BY category_id
            UNION ALL
            SELECT NULL, supplier_id, count(DISTINCT product_id) FROM offers WHERE withdrawn_at IS NULL
            GROUP BY supplier_id
        """)
    )


def set_best_grades(session: Session, grades: Mapping[int, str]) -> None:
    """Keep the best charter grade of each product's offers (by product); a product that is not named has none."""
    session.execute(
        text("""
            UPDATE products p SET best_grade = fresh.grade
            FROM (
                SELECT p.id, n.grade FROM products p
                LEFT JOIN unnest(CAST(:products AS int[]), CAST(:grades AS text[])) AS n (id, grade) ON n.id = p.id
            ) fresh
            WHERE fresh.id = p.id AND p.best_grade IS DISTINCT FROM fresh.grade
        """),
        {"products": list(grades), "grades": list(grades.values())},
    )
