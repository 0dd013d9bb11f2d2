"""What developers run beside the product; nothing here is installed with it."""
