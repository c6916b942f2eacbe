"""The simulated types; importing this package registers all of them."""

from simulator.graphql.types import (
    bulk,
    catalog,
    inventory,
    orders,
    shop,
    transfer_changes,
    transfers,
    webhooks,
)

__all__ = ["bulk", "catalog", "inventory", "orders", "shop", "transfer_changes", "transfers", "webhooks"]
