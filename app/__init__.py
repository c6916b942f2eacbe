"""Fluxor: what to reorder, how much, from whom and by when, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from app.config import Settings


def create_app(settings: Settings) -> Flask:
    """Assemble the application: settings → platform → blueprints → commands → error pages."""
    # Imported here, not above: whoever asks for one part of the app, as the domain's maths, needs no web framework.
    from flask import g
    from flask_login import LoginManager
    from htmx_flask import Htmx

    from app import blueprints, cli, errors
    from app.platform import access, db, i18n, logs, queue, sessions, spoken, tenancy, watching, web
    from app.platform.application import Fluxor
    from app.platform.mail import Mailer
    from app.platform.outbound import Outbound
    from app.platform.secrets import TokenCipher
    from app.shopify.door import Shopify

    logs.configure(settings.log_level)
    app = Fluxor(__name__)
    spoken.install(app)
    app.config.update(SECRET_KEY=settings.secret_key, TESTING=settings.testing)
    app.extensions["settings"] = settings
    app.extensions["cipher"] = TokenCipher(settings.token_keys)
    app.extensions["shopify"] = Shopify.connect(settings)
    app.extensions["mailer"] = Mailer(
        settings.mailgun_base_url, settings.mailgun_domain, settings.mailgun_api_key, settings.sender
    )
    app.extensions["outbound"] = Outbound()
    db.configure(app, database_url=settings.database_url)
    tenancy.install_guards(db.session_factory())
    queue.configure(app, settings)
    queue.install_hooks(db.session_factory())
    web.install(app, settings)
    watching.install(app, settings)
    i18n.install(app)
    Htmx(app)
    # Its context processor would ask the loader again while an error page about the loader is rendered.
    login = LoginManager(app, add_context_processor=False)
    login.session_protection = None  # no session: each request proves itself
    login.request_loader(blueprints.auth.load_identity)
    access.install(app)
    sessions.install(app)

    @app.teardown_request
    def _leave_store(_error: BaseException | None) -> None:
        if g.pop("identity", None) is not None:
            tenancy.leave(db.session())

    blueprints.layout.install(app)
    for blueprint in blueprints.ALL:
        access.register(app, blueprint)
    cli.install(app)
    errors.install(app)
    return app
