"""The list of single guards: where each stands, what its removal looks like, and the test that must notice."""

from __future__ import annotations

from dataclasses import dataclass

_MATRIX = "tests/rules/test_access_matrix.py::test_the_answer_follows_from_the_table"
_TENANCY = "tests/platform/test_tenancy.py::test_"
_INVITATIONS = "tests/blueprints/test_invitations.py::test_"


@dataclass(frozen=True)
class Guard:
    """One guard: `text` in `file` is replaced by `instead`; `test` must then fail."""

    name: str
    file: str
    text: str
    instead: str
    test: str


GUARDS = (
    Guard(
        "reads through the ORM see one store",
        "app/platform/tenancy.py",
        "state.statement = state.statement.options(*_criteria())",
        "return",
        f"{_TENANCY}a_query_without_a_store_raises",
    ),
    Guard(
        "objects are written in their own store's scope",
        "app/platform/tenancy.py",
        "elif instance.store_id != store_id:",
        "elif False:",
        f"{_TENANCY}a_new_row_is_stamped_and_a_foreign_one_refused",
    ),
    Guard(
        "each transaction names its store to PostgreSQL",
        "app/platform/tenancy.py",
        "connection.execute(select(func.set_config",
        "(select(func.set_config",
        f"{_TENANCY}raw_sql_is_held_by_row_security",
    ),
    Guard(
        "a scope leaves no objects behind",
        "app/platform/tenancy.py",
        "    session.expunge_all()\n",
        "",
        f"{_TENANCY}a_scope_takes_its_objects_with_it",
    ),
    Guard(
        "row security binds the tables' owner too",
        "migrations/row_security.py",
        """    op.execute(f'ALTER TABLE "{table}" FORCE ROW LEVEL SECURITY')\n""",
        "",
        "tests/rules/test_tables.py::test_every_table_is_guarded",
    ),
    Guard(
        "row security checks what is written",
        "migrations/row_security.py",
        "WITH CHECK (store_id = (SELECT app_store_id()))",
        "WITH CHECK (true)",
        f"{_TENANCY}row_security_refuses_a_foreign_insert",
    ),
    Guard(
        "row security raises when no store is current",
        "migrations/row_security.py",
        "RAISE EXCEPTION 'no store is current' USING ERRCODE = 'insufficient_privilege';",
        "RETURN 0;",
        f"{_TENANCY}raw_sql_without_a_store_is_an_error",
    ),
    Guard(
        "a role may do what it is granted",
        "app/platform/access.py",
        "if not current_user.may(need):",
        "if False:",
        f"{_MATRIX}[POST settings.change-viewer]",
    ),
    Guard(
        "nobody gets in without proof",
        "app/platform/access.py",
        "if not current_user.is_authenticated:",
        "if False:",
        f"{_MATRIX}[GET settings.index-nobody]",
    ),
    Guard(
        "an endpoint outside the table answers 403",
        "app/platform/access.py",
        "if need is None:",
        "if need is None:\n        return\n    if False:",
        "tests/platform/test_access.py::test_an_endpoint_outside_the_table_answers_403",
    ),
    Guard(
        "a route says what it needs",
        "app/platform/access.py",
        "if not isinstance(needs, Permission | Open | SignedIn):",
        "if False:",
        "tests/platform/test_access.py::test_a_route_without_needs_is_refused",
    ),
    Guard(
        "only jobs are enqueued",
        "app/platform/queue.py",
        "if not is_job(job):",
        "if False:",
        "tests/rules/test_jobs.py::test_the_queue_refuses_a_plain_function",
    ),
    Guard(
        "webhooks are signed",
        "app/shopify/webhooks.py",
        "found |= hmac.compare_digest(given, wanted)",
        "found |= bool(wanted)",
        "tests/blueprints/test_webhooks.py",
    ),
    Guard(
        "an ID token's issuer and destination agree",
        "app/shopify/id_token.py",
        "if issuer.hostname != shop or ",
        "if ",
        "tests/blueprints/test_identity.py",
    ),
    Guard(
        "a link serves one purpose",
        "app/platform/secrets.py",
        'salt=f"fluxor.link.{purpose}"',
        'salt="fluxor.link"',
        "tests/platform/test_secrets.py",
    ),
    Guard(
        "a link ends",
        "app/platform/secrets.py",
        "max_age=max_age_seconds)",
        "max_age=None)",
        "tests/platform/test_secrets.py",
    ),
    Guard(
        "an invitation's link makes one member, once",
        "app/services/invitations.py",
        "    Invitation.accepted_at.is_(None),\n",
        "",
        f"{_INVITATIONS}who_was_taken_off_does_not_come_back_by_the_old_link",
    ),
    Guard(
        "an invitation that was withdrawn opens nothing",
        "app/services/invitations.py",
        "    Invitation.withdrawn_at.is_(None),\n",
        "",
        f"{_INVITATIONS}what_ends_an_invitation",
    ),
    Guard(
        "an invitation ends a week after it was made",
        "app/services/invitations.py",
        "return found.created_at + LIFETIME <= now",
        "return False",
        f"{_INVITATIONS}an_invitation_ends_a_week_after_it_was_made",
    ),
    Guard(
        "an invitation is its address's alone",
        "app/services/users.py",
        "if user is None or user.email != folded(email):",
        "if user is None:",
        f"{_INVITATIONS}who_has_an_account_logs_in_with_it",
    ),
    Guard(
        "an invitation's link sets no password of an account",
        "app/services/users.py",
        "            WHERE users.confirmed_at IS NULL\n",
        "",
        f"{_INVITATIONS}a_link_sets_no_password_of_an_account",
    ),
    Guard(
        "joining by a link ends the sessions of an unconfirmed sign-up",
        "app/services/users.py",
        "            version = users.version + 1\n",
        "            version = users.version\n",
        f"{_INVITATIONS}an_unconfirmed_sign_up_gives_nobody_a_way_in",
    ),
    Guard(
        "a form is sent by our own page",
        "app/platform/sessions.py",
        'if g.get("session_in_cookie") and not _is_proven():',
        "if False:",
        "tests/blueprints/test_auth_login.py",
    ),
    Guard(
        "another site's page cannot write",
        "app/platform/sessions.py",
        "if origin is not None and origin != _origin(_settings().app_url):",
        "if False:",
        "tests/blueprints/test_auth_login.py",
    ),
    Guard(
        "an ended session stays ended",
        "app/platform/sessions.py",
        'return bool(queue.connection().exists(f"session:ended:{session.id}"))',
        "return False",
        "tests/blueprints/test_auth_login.py",
    ),
    Guard(
        "one shop's admin may frame a page",
        "app/platform/web.py",
        'f"frame-ancestors {ancestors}"',
        '"frame-ancestors *"',
        "tests/blueprints/test_identity.py",
    ),
    Guard(
        "logs are redacted",
        "app/platform/logs.py",
        'return _SECRETS.sub("[redacted]", value)',
        "return value",
        "tests/platform/test_logs.py",
    ),
    Guard(
        "figures want the scraper's token",
        "app/blueprints/health/__init__.py",
        "if not token or not hmac.compare_digest(given.encode(), token.encode()):",
        "if False:",
        "tests/platform/test_watching.py::test_figures_are_not_there_for_whoever_does_not_know_the_token",
    ),
    Guard(
        "a kept job is a row before it is in Redis",
        "app/platform/queue.py",
        "if not session.in_nested_transaction():  # a savepoint's end commits nothing",
        "if False:",
        "tests/platform/test_outbox.py",
    ),
    Guard(
        "the outbox names kept jobs alone",
        "app/platform/queue.py",
        "if not (is_job(job) and is_kept(job)):",
        "if False:",
        "tests/platform/test_outbox.py",
    ),
)
