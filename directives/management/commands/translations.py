"""Collect the English strings, merge translations, make 繁體 from 简体, compile, check.

It needs Babel, which only tests/requirements.txt installs; the repository contains the compiled
catalogues.
"""

import ast
import fcntl
import gettext
import io
import os
import re
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation.template import templatize

from directives.base.script import to_hant

try:
    from babel.messages.catalog import Catalog
    from babel.messages.extract import extract
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po, write_po
except ImportError:  # pragma: no cover - Babel is a requirement of the tests alone
    Catalog = extract = write_mo = read_po = write_po = None  # type: ignore[assignment, misc]

LOCALE = settings.BASE_DIR / "directives" / "locale"
WORDS_FILE = LOCALE / "zh_Hant.words.tsv"
SOURCES = ("directives/**/*.py", "qunzhu_tracker/*.py", "templates/**/*.html", "templates/**/*.txt")
KEYWORDS: dict[str, Any] = {
    **dict.fromkeys(("_", "_lazy", "gettext", "gettext_lazy", "gettext_noop")),
    **dict.fromkeys(("ngettext", "ngettext_lazy"), (1, 2)),
    **dict.fromkeys(("pgettext", "pgettext_lazy"), ((1, "c"), 2)),
    **dict.fromkeys(("npgettext", "npgettext_lazy"), ((1, "c"), 2, 3)),
}
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%[sd]|\{\w*\}")
HAN = re.compile(r"[\u3400-\u9fff]")
FORBIDDEN = "乾部"
QUOTES = str.maketrans("“”‘’", "「」『』")
# A fixed date in catalogues: the same strings always give the same file.
EPOCH = datetime(2020, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Key:
    """The key of a string in gettext; context and plural are "" if there is none."""

    context: str
    english: str
    plural: str = field(default="", compare=False)


def find_strings() -> dict[Key, list[str]]:
    """Every translatable string of the project with the places (file:line) that use it."""
    strings: dict[Key, list[str]] = {}
    for pattern in SOURCES:
        for path in sorted(settings.BASE_DIR.glob(pattern)):
            text = path.read_text(encoding="utf-8")
            for line, key in _of_python(text) if path.suffix == ".py" else _of_template(text):
                strings.setdefault(key, []).append(f"{path.relative_to(settings.BASE_DIR)}:{line}")
    return strings


def _of_template(text: str) -> Iterator[tuple[int, Key]]:
    # Within brackets Python's tokenizer ignores the indentation of the template.
    source = io.BytesIO(f"({templatize(text)}\n)".encode())
    for line, message, _comments, context in extract("python", source, keywords=KEYWORDS):
        english, plural = (message, "") if isinstance(message, str) else message
        yield line, Key(context or "", english, plural)


def _of_python(text: str) -> Iterator[tuple[int, Key]]:
    """Strings from the syntax tree, which also contains the calls inside f-strings."""
    calls = (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call))
    for call in sorted(calls, key=lambda call: call.lineno):
        name = getattr(call.func, "id", getattr(call.func, "attr", ""))
        constants = [arg.value for arg in call.args if isinstance(arg, ast.Constant)]
        texts = [value for value in constants if isinstance(value, str)]
        if name in KEYWORDS and texts:
            context = texts.pop(0) if "pgettext" in name and len(texts) > 1 else ""
            plural = texts[1] if name.startswith("n") and len(texts) > 1 else ""
            yield call.lineno, Key(context, texts[0], plural)


def catalogue_path(locale: str, suffix: str = "po") -> Path:
    return LOCALE / locale / "LC_MESSAGES" / f"django.{suffix}"


def read_catalogue(locale: str) -> dict[Key, str]:
    """The translations of a locale's .po; {} if there is no file."""
    path = catalogue_path(locale)
    if not path.exists():
        return {}
    with path.open("rb") as file:
        catalogue = read_po(file, locale=locale)
    entries: dict[Key, str] = {}
    for message in catalogue:
        if message.id:
            english, plural = (message.id, "") if isinstance(message.id, str) else message.id
            chinese = message.string or ""
            if not isinstance(chinese, str):  # a plural, which has one form in Chinese
                chinese = chinese[0]
            entries[Key(message.context or "", english, plural)] = chinese
    return entries


def read_compiled(locale: str) -> dict[Key, str]:
    """The translations of a locale's .mo, as the running program sees them."""
    path = catalogue_path(locale, "mo")
    if not path.exists():
        return {}
    with path.open("rb") as file:
        raw = gettext.GNUTranslations(file)._catalog  # type: ignore[attr-defined]
    entries: dict[Key, str] = {}
    for key, chinese in raw.items():
        english = key[0] if isinstance(key, tuple) else key
        if english:
            context, _, english = english.rpartition("\x04")
            entries[Key(context, english)] = chinese
    return entries


def write_catalogue(locale: str, entries: dict[Key, str]) -> None:
    """Write the .po and the .mo, each by renaming, so that nobody reads half a file."""
    catalogue = Catalog(
        locale,
        domain="django",
        header_comment="# Interface strings; kept by `manage.py translations`.",
        project="qunzhu_tracker",
        version="1",
        msgid_bugs_address="",
        creation_date=EPOCH,
        revision_date=EPOCH,
        last_translator="qunzhu_tracker",
        language_team=locale,
        charset="utf-8",
        fuzzy=False,
    )
    for key, chinese in entries.items():
        message_id = (key.english, key.plural) if key.plural else key.english
        catalogue.add(
            message_id, (chinese,) if key.plural else chinese, context=key.context or None
        )
    for suffix in ("po", "mo"):
        path = catalogue_path(locale, suffix)
        buffer = io.BytesIO()
        if suffix == "po":
            write_po(buffer, catalogue, width=0, no_location=True, sort_output=True)
        else:
            write_mo(buffer, catalogue)
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(f".{os.getpid()}")
        fresh.write_bytes(buffer.getvalue())
        fresh.replace(path)


def read_tsv(path: Path) -> Iterator[tuple[int, Key, str]]:
    r"""Read lines `English<TAB>中文[<TAB>context]`; those that begin with # are comments.

    `\n` stands for a line break.
    """
    for number, line in enumerate(path.read_text(encoding="utf-8-sig").splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        cells = [cell.replace("\\n", "\n").replace("\\t", "\t") for cell in line.split("\t")]
        if len(cells) not in (2, 3) or not cells[0] or not cells[1]:
            raise CommandError(f"{path}:{number}: expected English<TAB>中文, got {line!r}")
        yield number, Key(cells[2] if len(cells) == 3 else "", cells[0]), cells[1]


def placeholders(text: str) -> set[str]:
    return set(PLACEHOLDER.findall(text.replace("%%", "")))


def make_hant(hans: dict[Key, str]) -> dict[Key, str]:
    """Convert to Traditional script, with its own vocabulary and quotation marks.

    A replacement for a single character applies only to whole strings, such as 行 as the heading
    of a column, because it is part of too many other words.
    """
    replacements = (
        {key.english: word for _number, key, word in read_tsv(WORDS_FILE)}
        if WORDS_FILE.exists()
        else {}
    )
    longest_first = sorted((word for word in replacements if len(word) > 1), key=len, reverse=True)
    pattern = re.compile("|".join(map(re.escape, longest_first)) or "(?!)")

    def converted(text: str) -> str:
        return replacements.get(text) or pattern.sub(
            lambda match: replacements[match[0]], text
        ).translate(QUOTES)

    return {key: converted(to_hant(text)) for key, text in hans.items()}


def faults() -> list[str]:
    """The faults of the catalogues, a line each, with the place of a missing translation."""
    strings = find_strings()
    hans, hant = read_catalogue("zh_Hans"), read_catalogue("zh_Hant")
    lines = [
        f"{places[0]}: English holds Chinese: {key.english!r}"
        for key, places in strings.items()
        if HAN.search(key.english)
    ]
    for key, places in strings.items():
        if not hans.get(key):
            context = f" (context {key.context!r})" if key.context else ""
            lines.append(f"{places[0]}: not translated: {key.english!r}{context}")
    for locale, entries in (("zh_Hans", hans), ("zh_Hant", hant)):
        for key, chinese in entries.items():
            allowed = placeholders(key.english) | placeholders(key.plural)
            if placeholders(chinese) not in (allowed, placeholders(key.plural)):
                lines.append(f"{locale}: placeholders differ: {key.english!r} and {chinese!r}")
            if FORBIDDEN in chinese:
                lines.append(f"{locale}: {FORBIDDEN} in {chinese!r}")
        if read_compiled(locale) != {key: chinese for key, chinese in entries.items() if chinese}:
            lines.append(f"{locale}: django.mo is older than django.po; run manage.py translations")
    if hant != make_hant(hans):
        lines.append("zh_Hant: django.po is not what zh_Hans gives; run manage.py translations")
    return sorted(lines)


@contextmanager
def locale_lock() -> Iterator[None]:
    """One writer at a time, across processes."""
    LOCALE.mkdir(parents=True, exist_ok=True)
    handle = os.open(LOCALE, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


class Command(BaseCommand):
    help = "Find the interface's strings, merge translations, make Traditional script, compile."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--add",
            metavar="FILE.tsv",
            type=Path,
            action="append",
            default=[],
            help="lines English<TAB>中文[<TAB>context]",
        )
        parser.add_argument(
            "--prune",
            action="store_true",
            help="drop translations of strings that nothing uses any more",
        )
        parser.add_argument(
            "--check",
            action="store_true",
            help="write nothing; list every fault and exit 1 if there is one",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if Catalog is None:
            raise CommandError("This command needs Babel: pip install -r tests/requirements.txt")
        if options["check"]:
            return self.check_catalogues()
        strings = find_strings()
        plurals = {key: key.plural for key in strings}
        with locale_lock():
            hans = read_catalogue("zh_Hans")
            refused = self.merge(options["add"], hans)
            if options["prune"]:
                hans = {key: chinese for key, chinese in hans.items() if key in strings}
            hans = {
                Key(key.context, key.english, plurals.get(key, key.plural)): chinese
                for key, chinese in hans.items()
            }
            write_catalogue("zh_Hans", hans)
            write_catalogue("zh_Hant", make_hant(hans))
        missing = [key for key in strings if not hans.get(key)]
        self.stdout.write(
            f"{len(strings)} strings in the sources, {len(hans)} translated, "
            f"{len(missing)} missing."
        )
        if refused:
            raise CommandError(
                "Not merged, because the placeholders differ:\n" + "\n".join(refused)
            )
        return None

    def merge(self, files: list[Path], hans: dict[Key, str]) -> list[str]:
        """Put the lines of the files into hans; returns those whose placeholders differ."""
        refused = []
        for path in files:
            for number, key, chinese in read_tsv(path):
                if placeholders(key.english) != placeholders(chinese):
                    refused.append(f"{path}:{number}: {key.english!r} and {chinese!r}")
                else:
                    hans[key] = chinese
        return refused

    def check_catalogues(self) -> None:
        lines = faults()
        for line in lines:
            self.stdout.write(line)
        if lines:
            raise CommandError(f"{len(lines)} faults.")
        self.stdout.write("All strings are translated.")
