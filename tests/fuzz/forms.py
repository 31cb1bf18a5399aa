"""Every form, filter and address that a person meets.

They are found by following links from the first page.
"""

from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import parse_qsl, urljoin, urlsplit

from django.test import Client
from django.urls import Resolver404, resolve
from lxml import html

STARTS = ("/", "/admin/")
# Pages that are looked at for each address of the product; their forms differ by the state of the
# thing.
EACH = 2
NEVER = ("account_logout", "admin:logout")  # nothing is behind them but the sign-in
KEY = "idempotency_key"


@dataclass(frozen=True, slots=True)
class Sent:
    """What a browser would send: where to, how, which fields with which values.

    `files` are fields that carry files.
    """

    name: str  # of the address
    method: str
    address: str
    fields: tuple[tuple[str, str], ...] = ()
    files: tuple[str, ...] = ()

    @property
    def kind(self) -> tuple:
        """Two of a kind differ in values alone."""
        return (
            self.name,
            self.method,
            tuple(sorted({name for name, _value in self.fields})),
            self.files,
        )


def name_of(address: str) -> str | None:
    """The name of the address in the product; None where it is none of ours."""
    try:
        return resolve(urlsplit(address).path).view_name or None
    except Resolver404:
        return None


def crawl(client: Client, most: int) -> list[Sent]:
    """Follow links, each address a few times.

    Every form and every query on the way, one of each kind.
    """
    found: dict[tuple, Sent] = {}
    looked, queue, seen = Counter(), deque(STARTS), set(STARTS)
    while queue and looked.total() < most:
        address = queue.popleft()
        name = name_of(address)
        if name is None or name in NEVER or looked[name] >= EACH:
            continue
        looked[name] += 1
        answer = client.get(address)
        if answer.streaming:  # a file stays open until it is read
            b"".join(answer.streaming_content)
        elif (
            answer.status_code == 200
            and "html" in answer.headers["Content-Type"]
            and answer.content.strip()
        ):
            tree = html.fromstring(answer.content.decode())
            links = list(_links(tree, address))
            for sent in (*_all_forms(tree, address), *map(_asked, links)):
                found.setdefault(sent.kind, sent)
            queue += [link for link in dict.fromkeys(links) if link not in seen]
            seen.update(links)
    return [*found.values()]


def _links(tree: html.HtmlElement, address: str) -> Iterator[str]:
    """Where the page leads inside the product."""
    for element in tree.iter("a"):
        link = urljoin(address, element.get("href") or "").partition("#")[0]
        if not urlsplit(link).netloc and name_of(link) is not None:
            yield link


def _asked(link: str) -> Sent:
    parts = urlsplit(link)
    return Sent(
        name_of(link) or "",
        "GET",
        parts.path,
        tuple(parse_qsl(parts.query, keep_blank_values=True)),
    )


def _all_forms(tree: html.HtmlElement, address: str) -> Iterator[Sent]:
    for form in tree.iter("form"):
        yield from _forms(form, address)


def _forms(form: html.FormElement, address: str) -> Iterator[Sent]:
    """The form as it is sent by each of its buttons."""
    own = [element for element in form.inputs if element.name]
    files = tuple(sorted({element.name for element in own if element.get("type") == "file"}))
    fields = tuple((name, value) for name, value in form.form_values() if name not in files)
    left = tuple(
        (element.name, "")
        for element in own
        if element.name not in {name for name, _value in fields} | {*files} and not _button(element)
    )
    buttons = [
        element for element in form.iter("button") if element.get("type", "submit") == "submit"
    ] or [None]
    for button in buttons:
        pressed = (
            ((button.get("name"), button.get("value") or ""),)
            if button is not None and button.get("name")
            else ()
        )
        where = (
            (button is not None and button.get("formaction"))
            or form.get("action")
            or form.get("hx-post")
            or address
        )
        where = urljoin(address, where)
        name = name_of(where)
        if name is not None and name not in NEVER:
            yield Sent(
                name,
                form.method.upper(),
                where if form.method == "POST" else urlsplit(where).path,
                (*fields, *left, *pressed),
                files,
            )


def _button(element: html.HtmlElement) -> bool:
    return element.get("type") in ("submit", "button", "image", "reset", "file")
