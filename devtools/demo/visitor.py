"""A member of the shop without a browser: asks the app's pages with ID tokens, as App Bridge does."""

from __future__ import annotations

import csv
import html
import io
import re
import time
from collections.abc import Callable

import requests

from devtools.demo.install import SECONDS, Shopify
from devtools.processes import ProcessFailed

POLL_SECONDS = 0.5
DOWNLOAD = re.compile(r'href="([^"]*/reports/download\?token=[^"]+)"')


class Visitor:
    """The owner's requests to the app.

    Args:
        app_url: the app's address.
        shopify: who signs the ID tokens.
    """

    def __init__(self, app_url: str, shopify: Shopify) -> None:
        self.app_url = app_url
        self.shopify = shopify
        self.http = requests.Session()
        self.http.trust_env = False

    def ask(self, method: str, path: str, **form: str) -> requests.Response:
        """One request as htmx sends it: a fresh ID token in the Authorization header."""
        headers = {"Authorization": f"Bearer {self.shopify.id_token()}", "HX-Request": "true"}
        data = form if method == "POST" else None
        return self.http.request(method, self.app_url + path, data=data, headers=headers, timeout=SECONDS)

    def page(self, path: str) -> str:
        """The HTML of one page or part; raises when it is refused."""
        answer = self.ask("GET", path)
        if answer.status_code != 200:
            raise ProcessFailed(f"GET {path} answered {answer.status_code}: {answer.text[:300]}")
        return answer.text

    def post(self, path: str, **form: str) -> str:
        """The answer to a form; raises when it is refused."""
        answer = self.ask("POST", path, **form)
        if answer.status_code >= 400:
            raise ProcessFailed(f"POST {path} answered {answer.status_code}: {answer.text[:300]}")
        return answer.text

    def report(self, kind: str, seconds: float = 60) -> list[dict[str, str]]:
        """Ask for a CSV report, wait until it is made, download it by its signed link (without an ID token)."""
        self.post("/reports", kind=kind)
        links: list[str] = []

        def is_made() -> bool:
            newest = self.page("/reports").partition("<tbody>")[2].partition("</tr>")[0]
            if "Failed" in newest:
                raise ProcessFailed(f"The {kind} report could not be made; the workers' logs say why.")
            links[:] = DOWNLOAD.findall(newest)
            return bool(links)

        wait_for(is_made, seconds, f"the {kind} report")
        link = html.unescape(links[0])
        address = link if link.startswith("http") else self.app_url + link
        answer = requests.get(address, timeout=SECONDS)
        if answer.status_code != 200 or not answer.headers["Content-Type"].startswith("text/csv"):
            raise ProcessFailed(f"The report's link answered {answer.status_code}: {answer.text[:200]}")
        return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


def wait_for(fact: Callable[[], bool], seconds: float, what: str) -> None:
    """Return once `fact` holds; raise after `seconds`."""
    limit = time.monotonic() + seconds
    while not fact():
        if time.monotonic() > limit:
            raise ProcessFailed(f"Waited {seconds:.0f} s in vain for {what}.")
        time.sleep(POLL_SECONDS)
