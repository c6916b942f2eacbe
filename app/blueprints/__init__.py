"""The web door: parse, one query or service call, render. `ALL` is what create_app registers."""

from app.blueprints import auth, health, webhooks

ALL = (auth.blueprint, health.blueprint, webhooks.blueprint)
