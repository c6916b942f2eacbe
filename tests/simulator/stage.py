"""A tiny embedded app for trying the admin page and the App Bridge stand-in in a browser."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

PAGE = """<!doctype html><html><head><title>{title}</title>
<script src="{bridge}" data-api-key="key"></script></head><body><h1>{title}</h1>
<ui-nav-menu><a href="/" rel="home">Home</a><a href="/second">Second page</a></ui-nav-menu>
<a id="go" href="/second?tab=1">go</a> <a id="top" href="{bridge}" target="_top">leave</a>
<form id="settings" data-save-bar><input id="days" name="days" value="1"></form>
<form id="other"><ui-save-bar id="bar"><button type="button" variant="primary" id="keep">Keep</button>
<button type="button" id="drop">Drop</button></ui-save-bar></form><output id="out"></output>
<script>
  const out = (text) => {{ document.getElementById("out").textContent = text; }};
  document.getElementById("settings").addEventListener("submit", (e) => {{ e.preventDefault(); out("saved"); }});
  document.getElementById("keep").addEventListener("click", () => {{ out("kept"); shopify.saveBar.hide("bar"); }});
</script></body></html>"""


@dataclass
class Call:
    """A request to the app: path, query, and the Authorization header."""

    path: str
    query: dict[str, str]
    authorization: str | None
    language: str | None


@dataclass
class Stage:
    """Serves PAGE on every path, JSON on /data (refusing `refuse` times with the retry header)."""

    bridge: str = ""
    refuse: int = 0
    calls: list[Call] = field(default_factory=list)

    def __enter__(self) -> Stage:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.answer(self)

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                outer.answer(self)

            def log_message(self, *_: Any) -> None:
                """Tests print nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: Any) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        """One answer; what was asked is recorded."""
        parts = urlsplit(handler.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        headers = handler.headers
        self.calls.append(
            Call(parts.path, query, headers.get("Authorization"), headers.get("Accept-Language"))
        )
        status, kind, body = 200, "text/html", PAGE.format(title=f"Page {parts.path}", bridge=self.bridge)
        if parts.path == "/data":
            kind, body = "application/json", json.dumps({"ok": True})
            if self.refuse:
                self.refuse -= 1
                status = 401
        handler.send_response(status)
        handler.send_header("Content-Type", kind)
        handler.send_header("Content-Length", str(len(body.encode())))
        if status == 401:
            handler.send_header("X-Shopify-Retry-Invalid-Session-Request", "1")
        handler.end_headers()
        handler.wfile.write(body.encode())

    def of(self, path: str) -> list[Call]:
        """Requests to a path."""
        return [call for call in self.calls if call.path == path]
