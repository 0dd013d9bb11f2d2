"""What can be bought: suppliers, categories, neutral products, and the offers of suppliers for them."""
