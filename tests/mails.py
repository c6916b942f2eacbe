"""A mail as its reader sees it: the words and links of both parts, and the rules that each of our mails keeps."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

# What a mail program would fetch, run or refuse to show.
UNWELCOME = {"script", "img", "iframe", "form", "input", "link", "object", "video"}
_LINK = re.compile(r"https?://\S+")
_ESCAPED = re.compile(r"&(amp|lt|gt|quot|#\d+);")


@dataclass
class _Page(HTMLParser):
    """Collects what an HTML part shows."""

    words: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    tags: set[str] = field(default_factory=set)
    language: str = ""
    _inside: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.add(tag)
        if tag == "html":
            self.language = given.get("lang") or ""
        if tag == "a":
            self.links.append(given["href"] or "")
            self.labels.append("")
        if tag not in ("meta", "br"):
            self._inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._inside.pop() == tag, f"</{tag}> closes nothing"

    def handle_data(self, data: str) -> None:
        if "title" in self._inside:
            return
        self.words.append(data)
        if "a" in self._inside:
            self.labels[-1] += data

    def closed(self) -> bool:
        """Whether each tag that was opened was closed."""
        return not self._inside


@dataclass(frozen=True)
class Mail:
    """One mail from the outbox, read: `text` and `html` are what a reader sees, in one line each."""

    to: str
    subject: str
    text: str
    html: str
    links: list[str]
    language: str
    headers: dict[str, list[str]]
    attachments: list[dict[str, Any]]

    def both(self, *facts: str) -> None:
        """Each fact stands in both parts."""
        for fact in facts:
            assert fact in self.text, f"not in the text part: {fact!r}\n{self.text}"
            assert fact in self.html, f"not in the HTML part: {fact!r}\n{self.html}"

    def link(self, part: str) -> str:
        """The one link whose address holds this."""
        (found,) = {one for one in self.links if part in one}
        return found


def read(raw: dict[str, Any]) -> Mail:
    """Read a mail as the outbox holds it, and check what holds for each of ours."""
    subject = raw["subject"]
    assert subject and subject == " ".join(subject.split()), "a subject is one line, without blanks around it"
    assert not _ESCAPED.search(subject), f"a subject is no HTML: {subject}"
    assert raw["from"].startswith("Fluxor <") and raw["text"].strip() and raw["html"].strip()
    page = _Page()
    page.feed(raw["html"])
    page.close()
    assert page.closed() and not page.tags & UNWELCOME, page.tags & UNWELCOME
    assert not _ESCAPED.search(raw["text"]), "the text part is no HTML"
    links = _LINK.findall(raw["text"])
    assert links == page.links, "both parts lead to the same places, in the same order"
    assert all(label.strip() for label in page.labels), "each link says where it leads"
    html = " ".join("".join(page.words).split())
    assert not _LINK.search(html), "an address is behind its words"
    text = " ".join(raw["text"].split())
    return Mail(raw["to"], subject, text, html, links, page.language, raw["fields"], list(raw["attachments"]))
