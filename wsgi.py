"""The WSGI entry: `gunicorn wsgi:app`."""

import sys

from app import create_app
from app.config import ConfigError, Settings

try:
    app = create_app(Settings.from_env())
except ConfigError as error:
    sys.exit(f"Fluxor cannot start: {error}")
