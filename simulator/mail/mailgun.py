"""`POST /v3/{domain}/messages` as Mailgun answers it, and the outbox pages."""

from __future__ import annotations

import hmac
import json
import uuid
from typing import Any

from flask import Blueprint, Response, abort, current_app, jsonify, render_template, request

from simulator.clock import iso
from simulator.store.database import Row
from simulator.world import World

blueprint = Blueprint("mail", __name__)


def _world() -> World:
    world: World = current_app.extensions["world"]
    return world


@blueprint.post("/v3/<domain>/messages")
def send(domain: str) -> tuple[Response, int] | Response:
    """Accept a message and keep it in the outbox."""
    world = _world()
    world.faults.pause("mail_slow", "")
    if world.faults.draw(("mail_down",), ""):
        return jsonify(message="Service Unavailable"), 503
    given = request.authorization
    right = (
        given is not None
        and given.username == "api"
        and hmac.compare_digest((given.password or "").encode(), world.config.mailgun_key.encode())
    )
    if not right or world.faults.draw(("mail_unauthorized",), ""):
        return Response("Forbidden", 401, content_type="text/plain")
    if domain != world.config.mailgun_domain:
        return jsonify(message=f"Domain not found: {domain}"), 404
    problem = _problem()
    if problem:
        return jsonify(message=problem), 400
    return jsonify(id=_store(world, domain), message="Queued. Thank you.")


def _problem() -> str | None:
    for name in ("from", "to"):
        if not request.form.get(name, "").strip():
            return f"{name} parameter is missing"
        if "@" not in request.form[name]:
            return f"{name} parameter is not a valid address. please check documentation"
    if not any(request.form.get(name) for name in ("text", "html", "template", "amp-html")):
        return "Need at least one of 'text', 'html', 'amp-html' or 'template' parameters specified"
    return None


def _store(world: World, domain: str) -> str:
    form = request.form
    message_id = f"<{uuid.uuid4().hex}@{domain}>"
    extra = {
        k: form.getlist(k) for k in form if k[:2] in ("h:", "o:", "v:") or k in ("cc", "bcc", "template")
    }
    files = [
        {"name": f.filename, "bytes": len(f.read())}
        for name in ("attachment", "inline")
        for f in request.files.getlist(name)
    ]
    world.records.run(
        "INSERT INTO mails (message_id, at, domain, sender, recipients, subject, text, html, "
        "fields, attachments) VALUES (?,?,?,?,?,?,?,?,?,?)",
        (
            message_id,
            world.clock.now(),
            domain,
            form["from"],
            ", ".join(form.getlist("to")),
            form.get("subject", ""),
            form.get("text", ""),
            form.get("html", ""),
            json.dumps(extra),
            json.dumps(files),
        ),
    )
    return message_id


def _mails(where: str = "1", *parameters: Any) -> list[Row]:
    found = _world().records.rows(f"SELECT * FROM mails WHERE {where} ORDER BY id DESC LIMIT 500", parameters)
    for mail in found:
        mail |= {
            "to": mail.pop("recipients"),
            "from": mail.pop("sender"),
            "at": iso(mail["at"]),
            "fields": json.loads(mail["fields"]),
            "attachments": json.loads(mail["attachments"]),
        }
    return found


@blueprint.get("/control/outbox")
def outbox_json() -> Response:
    """All mail, newest first."""
    return jsonify(messages=_mails())


@blueprint.delete("/control/outbox")
def empty_outbox() -> Response:
    """Forget all mail."""
    return jsonify(removed=_world().records.run("DELETE FROM mails"))


@blueprint.get("/outbox")
def outbox() -> str:
    """The list of sent mail."""
    return render_template("outbox.html", mails=_mails())


@blueprint.get("/outbox/<int:number>")
def message(number: int) -> str:
    """One mail with both its parts."""
    found = _mails("id = ?", number)
    if not found:
        abort(404)
    return render_template("mail.html", mail=found[0])


@blueprint.get("/outbox/<int:number>/html")
def html_part(number: int) -> Response:
    """The HTML part alone, for the sandboxed frame: no scripts run in it."""
    found = _mails("id = ?", number)
    if not found:
        abort(404)
    return Response(
        found[0]["html"],
        content_type="text/html; charset=utf-8",
        headers={"Content-Security-Policy": "sandbox allow-popups; script-src 'none'"},
    )
