"""What the screens of ordering read: `carts`, `orders`, `deputies`, `demand`."""
