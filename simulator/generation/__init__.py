"""Makes a shop: catalogue, true demand, stock and lost sales, orders; or orders from a panel of sales."""
