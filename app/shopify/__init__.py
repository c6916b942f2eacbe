"""All that we know of Shopify: tokens, signatures, Admin GraphQL, bulk operations, typed rows. Never our tables."""
