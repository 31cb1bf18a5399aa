"""`manage.py ingest`: what it prints, what it refuses, what it stores."""

import json
import os
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from directives.models import Directive, Document, Item, LeftOut, Repair
from tests.documents.ingest.expected import CONFIRMATIONS, SAMPLE, sample_sentences

ROOT = Path(__file__).parents[2]


def run(*args: object) -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    call_command("ingest", *map(str, args), stdout=out, stderr=err, no_color=True)
    return out.getvalue(), err.getvalue()


def test_json_has_the_shape_that_other_programs_read() -> None:
    out, err = run(SAMPLE, "--json")
    whole = json.loads(out)
    assert err == ""
    assert "\\u" not in out
    assert list(whole) == [
        "title",
        "issuer",
        "script",
        "sha256",
        "frame",
        "parts",
        "sections",
        "repairs",
        "left_out",
    ]
    sentences = [
        one
        for section in whole["sections"]
        for paragraph in section["paragraphs"]
        for one in paragraph
    ]
    assert [one["text"] for one in sentences] == [one.text for one in sample_sentences()]
    assert list(sentences[0]) == [
        "code",
        "text",
        "text_hans",
        "statement",
        "title",
        "source",
        "fields",
        "addressees",
        "modality",
        "kind",
        "cadence",
        "due",
        "items",
    ]
    assert sentences[1]["addressees"] == [
        {"name": "各級黨委", "basis": "named", "source": "", "role": "responsible"}
    ]
    assert whole["frame"]["issuers"] == ["中共中央"]
    assert whole["sections"][0]["part"] == ""
    assert whole["sections"][0]["level"] == 1
    assert whole["sections"][-1]["number"] == ""
    assert whole["sections"][-1]["paragraphs"][0][0]["code"] == "結.1.1"
    assert list(whole["repairs"][0]) == [
        "kind",
        "line",
        "start",
        "before",
        "after",
        "certain",
        "confirmed_by",
        "why",
    ]
    assert sum(not repair["certain"] for repair in whole["repairs"]) == 14
    assert [row["line"] for row in whole["left_out"]] == [1, 27, 28, 29]


def test_dry_run_says_what_it_would_store() -> None:
    out, err = run(SAMPLE, "--dry-run")
    assert err == ""
    assert "73 sentences, of them 4 statements; 76 items." in out
    assert "14 proposed and waiting for a person" in out
    assert "Dry run: nothing was stored." in out


def test_confirmations_are_applied() -> None:
    out, _ = run(SAMPLE, "--dry-run", "--confirmations", CONFIRMATIONS)
    assert "0 proposed and waiting for a person" in out


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "contains no text"),
        (b"%PDF-1.7", "is incomplete or damaged"),
        (b"\x00\x01", "is not text"),
        (bytes(range(0x80, 0x100)), "Cannot tell the encoding"),
        ("没有编号。".encode(), "no numbered section"),
    ],
)
def test_bad_input(db: None, tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "bad.txt"
    path.write_bytes(content)
    out, err = StringIO(), StringIO()
    with pytest.raises(SystemExit) as stop:
        call_command("ingest", str(path), stdout=out, stderr=err)
    assert stop.value.code == 2
    assert says in err.getvalue()
    assert "Nothing was stored." in err.getvalue()
    assert out.getvalue() == ""
    assert Document.objects.count() == 0


@pytest.mark.parametrize("path", ["/nowhere/at/all.txt", str(ROOT)])
def test_no_file(path: str) -> None:
    err = StringIO()
    with pytest.raises(SystemExit) as stop:
        call_command("ingest", path, "--json", stderr=err)
    assert stop.value.code == 2
    assert "Cannot read" in err.getvalue()


def test_confirmations_of_another_document(tmp_path: Path) -> None:
    path = tmp_path / "other.txt"
    path.write_bytes(SAMPLE.read_bytes() + b"\n")
    err = StringIO()
    with pytest.raises(SystemExit) as stop:
        call_command(
            "ingest", str(path), "--json", "--confirmations", str(CONFIRMATIONS), stderr=err
        )
    assert stop.value.code == 2
    assert "another document" in err.getvalue()


def test_stores_once(db: None) -> None:
    out, err = run(SAMPLE, "--confirmations", CONFIRMATIONS)
    assert err == ""
    document = Document.objects.get()
    assert f"Stored as document {document.pk}." in out
    assert bytes(document.source) == SAMPLE.read_bytes()
    assert list(document.directives.order_by("order").values_list("code", "text")) == [
        (x.code, x.text) for x in sample_sentences()
    ]
    assert Item.objects.count() == 76
    assert Repair.objects.filter(state="confirmed").count() == 14
    assert LeftOut.objects.count() == 4
    err_again = StringIO()
    with pytest.raises(SystemExit) as stop:
        call_command("ingest", str(SAMPLE), stdout=StringIO(), stderr=err_again)
    assert stop.value.code == 2
    assert "already registered" in err_again.getvalue()
    assert (Document.objects.count(), Directive.objects.count()) == (1, 73)


def test_reading_needs_no_database(tmp_path: Path) -> None:
    nowhere = {"DATABASE_URL": "postgres://nobody@127.0.0.1:1/none", "QUNZHU_VAR": str(tmp_path)}
    for mode in ("--json", "--dry-run"):
        done = subprocess.run(
            [sys.executable, "manage.py", "ingest", str(SAMPLE), mode],
            cwd=ROOT,
            env=os.environ | nowhere,
            capture_output=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, b"")


def test_ingest_imports_no_django() -> None:
    probe = """
import sys
import directives.documents.ingest.confirmations, directives.documents.ingest.reading
import directives.documents.ingest.json_output
print("django" in sys.modules)
"""
    done = subprocess.run(
        [sys.executable, "-c", probe], cwd=ROOT, capture_output=True, check=True, text=True
    )
    assert done.stdout == "False\n"
