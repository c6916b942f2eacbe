"""Mailgun's sending endpoint, and the outbox that shows what was sent."""
