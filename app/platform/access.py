"""Who may do what: roles, permissions, the one table of grants, and routes that must declare their need."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from flask import Blueprint, Flask, abort, current_app, g, request
from flask_login import UserMixin, current_user

F = TypeVar("F", bound=Callable[..., Any])


class Role(StrEnum):
    """What a member is in one store."""

    OWNER = "owner"
    MANAGER = "manager"
    VIEWER = "viewer"


class Permission(StrEnum):
    """`noun:action`; a route names the one it needs."""

    DASHBOARD_READ = "dashboard:read"
    CATALOG_READ = "catalog:read"
    CATALOG_EDIT = "catalog:edit"
    FORECASTS_READ = "forecasts:read"
    FORECASTS_RUN = "forecasts:run"
    REPLENISHMENT_READ = "replenishment:read"
    REPLENISHMENT_DECIDE = "replenishment:decide"
    PURCHASING_READ = "purchasing:read"
    PURCHASING_EDIT = "purchasing:edit"
    ALERTS_READ = "alerts:read"
    ALERTS_MANAGE = "alerts:manage"
    REPORTS_READ = "reports:read"
    REPORTS_CREATE = "reports:create"
    SETTINGS_READ = "settings:read"
    SETTINGS_EDIT = "settings:edit"
    SYNC_RUN = "sync:run"
    MEMBERS_MANAGE = "members:manage"
    DATA_EXPORT = "data:export"
    DATA_DELETE = "data:delete"


_VIEWER = frozenset(p for p in Permission if p.value.endswith(":read"))
_MANAGER = _VIEWER | {
    Permission.CATALOG_EDIT,
    Permission.FORECASTS_RUN,
    Permission.REPLENISHMENT_DECIDE,
    Permission.PURCHASING_EDIT,
    Permission.ALERTS_MANAGE,
    Permission.REPORTS_CREATE,
    Permission.SYNC_RUN,
}
GRANTS: dict[Role, frozenset[Permission]] = {
    Role.VIEWER: _VIEWER,
    Role.MANAGER: frozenset(_MANAGER),
    Role.OWNER: frozenset(Permission),
}


@dataclass(frozen=True)
class Open:
    """A route that needs no permission; the reason is reviewed in tests/rules/routes.txt."""

    reason: str


@dataclass(frozen=True)
class SignedIn:
    """A route for whoever has proven who they are, member of a store or not yet; the reason is reviewed too."""

    reason: str


Need = Permission | Open | SignedIn


class NoStoreChosen(RuntimeError):
    """Somebody is logged in but belongs to no store, and asked for a page of one."""


@dataclass(frozen=True)
class Identity(UserMixin):  # type: ignore[misc]
    """One member of one store, as proven by this request."""

    member_id: int
    store_id: int
    shop: str
    role: Role
    name: str
    embedded: bool
    host: str = ""
    user_id: int | None = None
    language: str = ""  # their own choice, if they made one
    store_language: str = ""

    def get_id(self) -> str:
        """Flask-Login's id; no session is kept, so it is for logs only."""
        return f"{self.store_id}:{self.member_id}"

    def may(self, permission: Permission | str) -> bool:
        """Whether the member's role grants `permission`."""
        return Permission(permission) in GRANTS[self.role]


@dataclass(frozen=True)
class Account(UserMixin):  # type: ignore[misc]
    """Somebody who logged in and is no member of the store that their session names, or names none."""

    user_id: int
    name: str

    def get_id(self) -> str:
        """Flask-Login's id, for logs only."""
        return f"user:{self.user_id}"

    def may(self, _permission: Permission | str) -> bool:
        """Permissions are a store's to give."""
        return False


class AppBlueprint(Blueprint):
    """A blueprint whose routes cannot be declared without saying what they need."""

    def __init__(self, name: str, import_name: str, **options: Any) -> None:
        super().__init__(name, import_name, **options)
        self.needs: dict[str, Need] = {}

    def get(self, rule: str, *, needs: Need, **options: Any) -> Callable[[F], F]:  # type: ignore[override]
        """Declare a GET route."""
        return self._declare(rule, "GET", needs, options)

    def post(self, rule: str, *, needs: Need, **options: Any) -> Callable[[F], F]:  # type: ignore[override]
        """Declare a POST route."""
        return self._declare(rule, "POST", needs, options)

    def _declare(self, rule: str, method: str, needs: Need, options: dict[str, Any]) -> Callable[[F], F]:
        if not isinstance(needs, Permission | Open | SignedIn):
            raise TypeError(
                f"{method} {rule}: needs= must be a Permission, SignedIn('reason') or Open('reason')."
            )

        def register(view: F) -> F:
            endpoint = options.pop("endpoint", view.__name__)
            self.needs[endpoint] = needs
            self.add_url_rule(rule, endpoint, view, methods=[method], **options)
            return view

        return register


def install(app: Flask) -> None:
    """Guard every request with the table of needs; an endpoint outside the table answers 403."""
    app.extensions["access"] = {"static": Open("public files")}
    app.before_request(_guard)
    app.jinja_env.globals["may"] = may


def register(app: Flask, blueprint: AppBlueprint, **options: Any) -> None:
    """Register a blueprint together with what its routes need."""
    app.register_blueprint(blueprint, **options)
    table = app.extensions["access"]
    table.update({f"{blueprint.name}.{endpoint}": need for endpoint, need in blueprint.needs.items()})


def may(permission: Permission | str) -> bool:
    """Whether the current visitor may; templates and views ask the same question."""
    identity = g.get("identity")
    return identity is not None and bool(identity.may(permission))


def actor() -> str:
    """Who acts in this request, as histories name them."""
    return str(current_user.name) or f"Member {current_user.member_id}"


def _guard() -> None:
    if request.endpoint is None:
        return  # 404 or 405: nothing runs
    need = current_app.extensions["access"].get(request.endpoint)
    if need is None:
        abort(403)
    if isinstance(need, Open):
        return
    if not current_user.is_authenticated:
        abort(401)
    if isinstance(need, SignedIn):
        return
    if isinstance(current_user._get_current_object(), Account):
        raise NoStoreChosen
    if not current_user.may(need):
        abort(403)
