"""A Shopify that runs anywhere: admin, OAuth, Admin GraphQL, webhooks and Mailgun, with known truth."""
