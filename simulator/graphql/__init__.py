"""The Admin GraphQL API over the genuine schema: plan, cost, throttle, execute."""
