"""Webhooks: who is subscribed, what is sent, and the dispatcher with Shopify's timeouts and retries."""
