"""How templates and style sheets are laid out, beside what `make lint` checks."""

import re
from pathlib import Path

import pytest
from django.template import engines
from django.template.loader import get_template

from directives.web import template_loader

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
SHEETS = sorted((ROOT / "directives" / "static").rglob("*.css"))
WIDTH = 160
# What is translated as a whole stands on one line.
SENTENCE = re.compile(r"""\{% translate (?:".*?"|'.*?').*?%\}|\{% blocktranslate .*?%\}""")


def is_sentence(line: str) -> bool:
    """Whether the line is too long only for a sentence in it."""
    words = SENTENCE.sub("", line)
    return len(words) <= WIDTH or not re.search(r"\{%|<(?!/?(?:a|b|small)\b)", words)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_lines_of_templates_can_be_read(path):
    lines = enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
    assert [number for number, line in lines if len(line) > WIDTH and not is_sentence(line)] == []


def test_nothing_in_a_template_needs_its_indentation():
    """Indentation is not sent: directives/web/template_loader.py."""
    over_lines = re.compile(
        r"\{% blocktranslate(?![^%]* trimmed)[^%]*%\}[^{<]*\n|<pre\b|<textarea[^>]*>[^<]*\n"
    )
    assert [path.name for path in TEMPLATES if over_lines.search(path.read_text("utf-8"))] == []


def test_indentation_is_not_sent(tmp_path, settings):
    (tmp_path / "page.html").write_text("<ul>\n  <li>\n    甲\n  </li>\n</ul>\n", "utf-8")
    (tmp_path / "mail.txt").write_text("甲\n  乙\n", "utf-8")
    loader = template_loader.Loader(engines["django"].engine, [tmp_path])
    assert loader.get_template("page.html").source == "<ul>\n<li>\n甲\n</li>\n</ul>\n"
    assert loader.get_template("mail.txt").source == "甲\n  乙\n"
    assert "\n " not in get_template("base.html").template.source


@pytest.mark.parametrize("path", SHEETS, ids=lambda path: path.name)
def test_style_sheets_have_one_declaration_a_line(path):
    text = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    crowded = re.compile(r";.*;|\{.*[;}]|\}.*\{")
    assert [line for line in text.splitlines() if crowded.search(line)] == []
