"""The Admin GraphQL client: paced by cost, patient with throttling, strict about everything else."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Iterator
from typing import Any

import requests

from app.config import API_VERSION
from app.platform.breaker import Breaker, CircuitOpen
from app.platform.throttle import Throttle, ThrottleTimeout
from app.shopify.documents import document
from app.shopify.failures import (
    FROZEN,
    AdminError,
    QueryRefused,
    ShopifyBusy,
    StoreUnavailable,
    TokenRejected,
)

__all__ = [
    "FROZEN",
    "AdminClient",
    "AdminError",
    "QueryRefused",
    "ShopifyBusy",
    "StoreUnavailable",
    "TokenRejected",
]

log = logging.getLogger(__name__)
# Shopify answers 504 after about 10 s, so the read timeout lies above that.
TIMEOUT = (3.05, 20.0)
MAX_TRIES = 4
# A worker does not sit and wait for longer than this: it gives the work back with a delay.
PATIENCE_SECONDS = 20.0
_GUESS = 60.0
# How long nobody asks a shop that has not paid (402) or is locked (423); then one probe goes.
_FROZEN_SECONDS = 3600.0


class AdminClient:
    """Calls one store's Admin API. `renew` gives a fresh token after a 401."""

    def __init__(
        self,
        store_url: str,
        token: str,
        *,
        throttle: Throttle,
        breaker: Breaker | None = None,
        priority: str = "periodic",
        renew: Callable[[], str] | None = None,
        backoff_seconds: float = 0.5,
    ) -> None:
        self._url = f"{store_url}/admin/api/{API_VERSION}/graphql.json"
        self._token = token
        self._throttle = throttle
        self._breaker = breaker
        self._priority = priority
        self._renew = renew
        self._backoff_seconds = backoff_seconds
        self._http = requests.Session()

    def call(self, name: str, **variables: Any) -> dict[str, Any]:
        """Run the document `name` and return its `data`. Raises the AdminErrors above."""
        is_mutation = document(name).lstrip().startswith("mutation")
        for attempt in range(MAX_TRIES):
            self._ask_leave(name)
            wait = self._try(name, variables, is_mutation=is_mutation, attempt=attempt)
            if isinstance(wait, dict):
                return wait
            if wait > PATIENCE_SECONDS:
                raise ShopifyBusy(f"{name}: Shopify asks for {wait:.0f} s of patience.", wait_seconds=wait)
            if attempt < MAX_TRIES - 1:
                time.sleep(wait)
        raise ShopifyBusy(f"{name}: Shopify stayed busy for {MAX_TRIES} tries.")

    def _ask_leave(self, name: str) -> None:
        """Wait for the store's budget, unless its circuit is open. Raises ShopifyBusy."""
        try:
            if self._breaker is not None:
                self._breaker.check()
            self._throttle.acquire(
                _GUESS, priority=self._priority, timeout_seconds=PATIENCE_SECONDS, name=name
            )
        except CircuitOpen as rest:
            raise ShopifyBusy(str(rest), wait_seconds=rest.wait_seconds) from rest
        except ThrottleTimeout as late:
            raise ShopifyBusy(
                f"{name}: other work is using up the calls that Shopify allows us.",
                wait_seconds=late.wait_seconds,
                is_fault=False,
            ) from late

    def _backoff(self, attempt: int) -> float:
        """Exponential with full jitter: 0–0.5, 0–1, 0–2, 0–4 s."""
        return random.uniform(0.1, 2**attempt) * self._backoff_seconds

    def _note_failure(self, reason: str, *, hold_seconds: float = 0.0) -> None:
        if self._breaker is not None:
            self._breaker.failed(reason, hold_seconds=hold_seconds)

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
        return self._judge(name, answer, is_mutation, attempt)

    def _judge(
        self, name: str, answer: requests.Response, is_mutation: bool, attempt: int
    ) -> dict[str, Any] | float:
        """The data, or the seconds to wait; everything that waiting does not mend is raised."""
        status = answer.status_code
        if status == 429:
            return _retry_after(answer) or self._backoff(attempt)
        if status >= 500:
            return self._later(name, f"status {status}", is_mutation, attempt)
        if status == 401:
            self._renew_token(name)
            return 0.0
        if status != 200:
            if status in FROZEN:
                self._note_failure(f"Shopify answered {status}.", hold_seconds=_FROZEN_SECONDS)
            raise StoreUnavailable(f"{name}: Shopify answered {status}.", status)
        return self._read(name, answer, is_mutation, attempt)

    def _later(self, name: str, what: str, is_mutation: bool, attempt: int) -> float:
        self._note_failure(f"Shopify gave no answer that can be used ({what}).")
        # A query may be asked again; a mutation may have happened, so it must not be.
        if is_mutation:
            raise ShopifyBusy(f"{name}: {what}; not repeated, since it may have been done.")
        log.warning("Shopify call failed", extra={"document": name, "what": what, "attempt": attempt})
        return self._backoff(attempt)

    def _renew_token(self, name: str) -> None:
        if self._renew is None:
            raise TokenRejected(f"{name}: Shopify refused our access token.")
        renew, self._renew = self._renew, None
        self._token = renew()

    def _read(
        self, name: str, answer: requests.Response, is_mutation: bool, attempt: int
    ) -> dict[str, Any] | float:
        version = answer.headers.get("X-Shopify-API-Version", API_VERSION)
        if version != API_VERSION:
            log.warning("Shopify answered with another version", extra={"version": version})
        try:
            body = answer.json()
        except ValueError:
            # A page instead of JSON comes from a proxy in between, so the call may be asked again.
            return self._later(name, "the answer is not JSON", is_mutation, attempt)
        cost = _cost_of(body)
        if cost:
            self._learn(name, cost)
        errors = body.get("errors")
        if errors:
            return self._errors(name, errors, cost, attempt)
        if self._breaker is not None:
            self._breaker.succeeded()
        warnings = [entry for entry in body.get("extensions", {}).get("search", []) if entry.get("warnings")]
        if warnings:
            raise QueryRefused(f"{name}: the search was not understood: {warnings[0]['warnings']}")
        return dict(body["data"])

    def _learn(self, name: str, cost: dict[str, Any]) -> None:
        status = cost.get("throttleStatus") or {}
        if {"maximumAvailable", "restoreRate", "currentlyAvailable"} <= status.keys():
            asked = float(cost.get("requestedQueryCost") or 0.0)
            self._throttle.learn(
                maximum=float(status["maximumAvailable"]),
                rate=float(status["restoreRate"]),
                available=float(status["currentlyAvailable"]),
                # A throttled call (actual cost null) has cost nothing.
                refund=max(0.0, asked - float(cost.get("actualQueryCost") or 0.0)),
                name=name,
                cost=max(1.0, asked),
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
            return self._backoff(attempt)
        raise QueryRefused(
            f"{name}: {errors[0].get('message', 'unknown error')} ({', '.join(map(str, codes))})"
        )


def _cost_of(body: dict[str, Any]) -> dict[str, Any]:
    return dict((body.get("extensions") or {}).get("cost") or {})


def _retry_after(answer: requests.Response) -> float:
    try:
        return max(0.0, float(answer.headers.get("Retry-After", "")))
    except ValueError:
        return 0.0
