"""The Admin GraphQL client: paced by cost, patient with throttling, strict about everything else."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import requests

from app.config import API_VERSION
from app.platform.throttle import Throttle
from app.shopify.documents import document

log = logging.getLogger(__name__)
# Shopify answers 504 after about 10 s, so the read timeout lies above that.
TIMEOUT = (3.05, 20.0)
MAX_TRIES = 4
_GUESS = 60.0


class AdminError(RuntimeError):
    """Shopify refused or failed a call."""


class TokenRejected(AdminError):
    """401: the access token is no longer good; renew it once, then ask the merchant."""


class StoreUnavailable(AdminError):
    """402, 403, 404 or 423: the shop is frozen, locked or gone; retrying does not help."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class ShopifyBusy(AdminError):
    """Throttled, overloaded or unreachable after all tries; the work may be tried again later."""


class QueryRefused(AdminError):
    """Shopify did not accept the query itself (a bug of ours, or a missing scope)."""


@dataclass(frozen=True)
class Endpoint:
    """Where one store's API answers, and with which token."""

    url: str
    token: str

    def __repr__(self) -> str:
        return f"Endpoint({self.url!r})"


class AdminClient:
    """Calls one store's Admin API. `renew` gives a fresh token after a 401."""

    _costs: dict[str, float] = {}  # noqa: RUF012  (what each document cost last, shared by all clients)

    def __init__(
        self,
        store_url: str,
        token: str,
        *,
        throttle: Throttle,
        priority: str = "periodic",
        renew: Callable[[], str] | None = None,
    ) -> None:
        self._url = f"{store_url}/admin/api/{API_VERSION}/graphql.json"
        self._token = token
        self._throttle = throttle
        self._priority = priority
        self._renew = renew
        self._http = requests.Session()

    def call(self, name: str, **variables: Any) -> dict[str, Any]:
        """Run the document `name` and return its `data`. Raises the AdminErrors above."""
        is_mutation = document(name).lstrip().startswith("mutation")
        for attempt in range(MAX_TRIES):
            self._throttle.acquire(self._costs.get(name, _GUESS), priority=self._priority)
            wait = self._try(name, variables, is_mutation=is_mutation, attempt=attempt)
            if isinstance(wait, dict):
                return wait
            time.sleep(wait)
        raise ShopifyBusy(f"{name}: Shopify stayed busy for {MAX_TRIES} tries.")

    def pages(
        self, name: str, *path: str, **variables: Any
    ) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
        """Run a document page by page along the connection at `path`.

        Yields (the object that holds the connection, the connection with `nodes` and `pageInfo`), and nothing
        when Shopify does not have the object.
        """
        after: str | None = None
        while True:
            holder: Any = self.call(name, **variables, after=after)
            for key in path[:-1]:
                holder = (holder or {}).get(key)
            if holder is None:
                return
            page = holder[path[-1]]
            yield holder, page
            if not page["pageInfo"]["hasNextPage"]:
                return
            after = page["pageInfo"]["endCursor"]

    def _try(
        self, name: str, variables: dict[str, Any], *, is_mutation: bool, attempt: int
    ) -> dict[str, Any] | float:
        """One attempt: the data, or the seconds to wait before the next."""
        try:
            answer = self._http.post(
                self._url,
                json={"query": document(name), "variables": variables},
                headers={"X-Shopify-Access-Token": self._token, "Accept": "application/json"},
                timeout=TIMEOUT,
                # On a redirect to another host, requests would carry our token along.
                allow_redirects=False,
            )
        except requests.RequestException as error:
            return self._later(name, f"no answer ({type(error).__name__})", is_mutation, attempt)
        if answer.status_code == 429:
            return _retry_after(answer) or _backoff(attempt)
        if answer.status_code >= 500:
            return self._later(name, f"status {answer.status_code}", is_mutation, attempt)
        if answer.status_code == 401:
            self._renew_token(name)
            return 0.0
        if answer.status_code != 200:
            raise StoreUnavailable(f"{name}: Shopify answered {answer.status_code}.", answer.status_code)
        return self._read(name, answer, attempt)

    def _later(self, name: str, what: str, is_mutation: bool, attempt: int) -> float:
        # A query may be asked again; a mutation may have happened, so it must not be.
        if is_mutation:
            raise ShopifyBusy(f"{name}: {what}; not repeated, since it may have been done.")
        log.warning("Shopify call failed", extra={"document": name, "what": what, "attempt": attempt})
        return _backoff(attempt)

    def _renew_token(self, name: str) -> None:
        if self._renew is None:
            raise TokenRejected(f"{name}: Shopify refused our access token.")
        renew, self._renew = self._renew, None
        self._token = renew()

    def _read(self, name: str, answer: requests.Response, attempt: int) -> dict[str, Any] | float:
        version = answer.headers.get("X-Shopify-API-Version", API_VERSION)
        if version != API_VERSION:
            log.warning("Shopify answered with another version", extra={"version": version})
        try:
            body = answer.json()
        except ValueError as error:
            raise ShopifyBusy(f"{name}: the answer is not JSON.") from error
        cost = _cost_of(body)
        if cost:
            self._costs[name] = max(1.0, float(cost.get("requestedQueryCost") or _GUESS))
            self._learn(cost)
        errors = body.get("errors")
        if errors:
            return self._errors(name, errors, cost, attempt)
        warnings = [entry for entry in body.get("extensions", {}).get("search", []) if entry.get("warnings")]
        if warnings:
            raise QueryRefused(f"{name}: the search was not understood: {warnings[0]['warnings']}")
        return dict(body["data"])

    def _learn(self, cost: dict[str, Any]) -> None:
        status = cost.get("throttleStatus") or {}
        if {"maximumAvailable", "restoreRate", "currentlyAvailable"} <= status.keys():
            asked, actual = cost.get("requestedQueryCost") or 0.0, cost.get("actualQueryCost")
            self._throttle.learn(
                maximum=float(status["maximumAvailable"]),
                rate=float(status["restoreRate"]),
                available=float(status["currentlyAvailable"]),
                refund=0.0 if actual is None else max(0.0, float(asked) - float(actual)),
            )

    def _errors(self, name: str, errors: Any, cost: dict[str, Any], attempt: int) -> float:
        if isinstance(errors, str):
            raise QueryRefused(f"{name}: {errors}")
        codes = {(error.get("extensions") or {}).get("code") for error in errors}
        if "THROTTLED" in codes:
            status = cost.get("throttleStatus") or {}
            missing = float(cost.get("requestedQueryCost") or 0) - float(
                status.get("currentlyAvailable") or 0
            )
            return max(0.05, missing / float(status.get("restoreRate") or 50.0))
        if "INTERNAL_SERVER_ERROR" in codes:
            return _backoff(attempt)
        raise QueryRefused(
            f"{name}: {errors[0].get('message', 'unknown error')} ({', '.join(map(str, codes))})"
        )


def _cost_of(body: dict[str, Any]) -> dict[str, Any]:
    return dict((body.get("extensions") or {}).get("cost") or {})


def _retry_after(answer: requests.Response) -> float:
    try:
        return min(60.0, float(answer.headers.get("Retry-After", "")))
    except ValueError:
        return 0.0


def _backoff(attempt: int) -> float:
    """Exponential with full jitter: 0–0.5, 0–1, 0–2, 0–4 s."""
    return random.uniform(0.05, 0.5 * 2**attempt)
