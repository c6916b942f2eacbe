"""Pages compiled once for each language: our own messages are constants of the compiled template, not look-ups.

A page says some hundreds of messages, most of them in each row of a table. What is asked for at each of them is the
same for the whole page: the language. So each language has an environment of its own, and with it templates of its
own, in which `_("…")` has become the words. Mails and error pages keep to the usual environment.
"""

from __future__ import annotations

from typing import cast

from flask import Flask
from flask.templating import Environment
from jinja2 import nodes
from jinja2.environment import Template
from jinja2.visitor import NodeTransformer
from markupsafe import Markup

from app.platform import i18n


class SpokenEnvironment(Environment):
    """An environment whose templates speak one language; none in particular while `code` is empty."""

    code = ""

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(source, name, filename)
        autoescape = self.autoescape(name) if callable(self.autoescape) else self.autoescape
        return cast(nodes.Template, _Said(self.code).visit(tree)) if self.code and autoescape else tree


class _Said(NodeTransformer):
    """Puts the words of one language in place of messages that stand in the template as they are."""

    def __init__(self, code: str) -> None:
        self._code = code

    def visit_Call(self, node: nodes.Call) -> nodes.Node:
        self.generic_visit(node)
        if not _is_message(node):
            return node
        name, message = cast(nodes.Name, node.node).name, cast(nodes.Const, node.args[0]).value
        words = Markup(i18n.translated(self._code, message))  # noqa: S704  (our own message)
        if node.kwargs:
            values = [nodes.Pair(nodes.Const(one.key), one.value, lineno=one.lineno) for one in node.kwargs]
            filled = nodes.Dict(values, lineno=node.lineno)
            return nodes.Mod(nodes.Const(words, lineno=node.lineno), filled, lineno=node.lineno)
        return nodes.Const(words % {} if name == "_" else words, lineno=node.lineno)


def _is_message(node: nodes.Call) -> bool:
    called, is_alone = node.node, len(node.args) == 1 and not node.dyn_args and not node.dyn_kwargs
    if not isinstance(called, nodes.Name) or not is_alone or not isinstance(node.args[0], nodes.Const):
        return False
    return called.name == "_" or (called.name == "lazy_gettext" and not node.kwargs)


def install(app: Flask) -> None:
    """Keep an environment for each language; asked for before the app's own one is made."""
    app.jinja_environment = SpokenEnvironment
    app.extensions["spoken"] = {}


def environment(app: Flask, code: str) -> Environment:
    """The environment whose templates speak that language; made when it is first asked for."""
    made: dict[str, SpokenEnvironment] = app.extensions["spoken"]
    if code not in made:
        own = cast(SpokenEnvironment, app.jinja_env.overlay())
        own.code = code
        made[code] = own  # complete before another thread can see it
    return made[code]


def template(app: Flask, name: str) -> Template:
    """The template of that name in the language being spoken."""
    return environment(app, i18n.language()).get_template(name)
