"""What a reading differs in from what an officer reads: see readings/README.md."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from directives.documents.ingest.json_output import json_of
from directives.documents.ingest.reading import Reading, read
from directives.documents.ingest.sources import DocumentError, SourceLine, source_of

READINGS = Path(__file__).with_name("readings")
NAMES = sorted(path.name.split(".")[0] for path in READINGS.glob("*.expected.json"))
NOT_YET = (READINGS / "not_yet.txt").read_text(encoding="utf-8").split()
# Why a file leaves words out that are no part of what a person reads; not compared.
NOT_SHOWN = {"hidden text", "deleted text", "comment", "header", "footer", "page number"}
FRAME = ("title", "number", "issuers", "recipients", "date", "annexes")
# Labels that stand in a code, or in the number of a section, and so in no sentence.
LABEL = re.compile(
    r"(?:第?[（(]?(?:[一二三四五六七八九十百零〇壹貳參肆伍陸柒捌玖拾\d.]{1,8})[）)]?"
    r"(?:[条條點点章节節编編]|部分)?[、.．:：]?|附件\d*[:：]?)"
)

Json = dict[str, Any]


def path_of(name: str) -> Path:
    [path] = [path for path in READINGS.glob(f"{name}.*") if path.suffix != ".json"]
    return path


def words(text: str) -> str:
    """Text without white space, except between Latin letters and figures."""
    return re.sub(r"\s+", " ", re.sub(r"(?<![0-9A-Za-z])\s+|\s+(?![0-9A-Za-z])", "", text))


def words_of_all(field: str | list[str] | None) -> str | list[str]:
    return [*map(words, field)] if isinstance(field, list) else words(field or "")


def sentences_in(found: Json) -> Iterator[Json]:
    return (
        sentence
        for section in found["sections"]
        for paragraph in section["paragraphs"]
        for sentence in paragraph
    )


def sentence_seen(row: Json) -> Json:
    """A sentence of the product's JSON in the form of the expected files."""
    who = [
        {"name": words(one["name"]), "role": one.get("role"), "basis": one["basis"]}
        for one in row["addressees"]
        if one["basis"] != "unstated"
    ]
    due = row.get("due", "no such key")
    if isinstance(due, dict):
        due = {key: due.get(key) or None for key in ("on", "cadence", "words")}
    return {
        "text": words(row["text"]),
        "statement": row["statement"],
        "title": row.get("title"),
        "who": sorted(who, key=str),
        "due": due,
    }


def sentence_wanted(row: Json) -> Json:
    return {
        "text": words(row["text"]),
        "statement": row["statement"],
        "title": row["title"],
        "who": sorted(({**one, "name": words(one["name"])} for one in row["who"]), key=str),
        "due": row["due"],
    }


def heading_seen(row: Json) -> tuple[object, ...]:
    return (row.get("part"), row.get("level"), row["number"], words(row["title"]))


def signs_of(texts: list[str]) -> Counter[str]:
    """Files list what is left out in pieces of their own, notes and margins in places of theirs."""
    return Counter("".join("".join(texts).split()))


def differences(wanted: Json, found: Json) -> list[str]:
    """What is otherwise than expected, a line each."""
    lines: list[str] = []

    def compare(where: str, expected: object, actual: object) -> None:
        if expected != actual:
            lines.append(f"{where}\n    expected {expected}\n    found    {actual}")

    frame = found.get("frame", {})
    for key in FRAME:
        compare(f"frame {key}", words_of_all(wanted["frame"][key]), words_of_all(frame.get(key)))
    parts = [(row["label"], words(row["title"])) for row in found.get("parts", [])]
    compare(
        "parts", [(row["label"], words(row["title"])) for row in wanted.get("parts", [])], parts
    )
    headings = [row for row in found["sections"] if row["number"] or row["title"]]
    expected_headings = [*map(heading_seen, wanted["sections"])]
    compare("headings", expected_headings, [*map(heading_seen, headings)])
    expected_rows = {row["code"]: sentence_wanted(row) for row in wanted["directives"]}
    rows = {row["code"]: sentence_seen(row) for row in sentences_in(found)}
    compare("order of codes", [*expected_rows], [*rows])
    for code in [*expected_rows, *(code for code in rows if code not in expected_rows)]:
        row, seen = expected_rows.get(code), rows.get(code)
        if row is None or seen is None:
            compare(code, row and row["text"], seen and seen["text"])
            continue
        for key in row:
            compare(f"{code} {key} ({row['text'][:16]})", row[key], seen[key])
    left_out = [row["text"] for row in found["left_out"] if row["reason"] not in NOT_SHOWN]
    if signs_of(wanted["left_out"]) != signs_of(left_out):
        compare("left out", wanted["left_out"], left_out)
    return lines


def repaired_slice(reading: Reading, start: int, end: int) -> str:
    """The source between two offsets, with the repairs that lie there."""
    line_starts = [0, *(match.end() for match in re.finditer("\n", reading.text_read))]
    text, at = "", start
    for repair in reading.repairs:
        place = line_starts[repair.line - 1] + repair.start
        if start <= place < end:
            text += reading.text_read[at:place] + repair.after
            at = place + len(repair.before)
    return text + reading.text_read[at:end]


def spans_of(found: Json) -> Iterator[tuple[str, str | None, list[int]]]:
    """What it is, its text where that must equal the source, and its range in the source."""
    for sentence in sentences_in(found):
        yield sentence["code"], sentence["text"], sentence["source"]
    for heading in [*found["sections"], *found.get("parts", [])]:
        if heading["source"]:
            yield f"heading {heading['title']}", None, heading["source"]
    for at in found["frame"]["source"]["title"]:
        yield "title", None, at
    for row in found["left_out"]:
        if row["source"]:
            yield f"left out {row['text']}", row["text"], row["source"]


def rows_of(line: SourceLine) -> set[tuple[int, int]]:
    """The rows of a table that a cell stands in."""
    if line.cell is None:
        return set()
    return {(line.cell.table, line.cell.row + more) for more in range(line.cell.rows)}


def unaccounted(reading: Reading, found: Json, lines: tuple[SourceLine, ...]) -> list[str]:
    """Lines of the source that are nowhere, and words that do not stand where they say.

    The cells beside a sentence are its fields.
    """
    faults: list[str] = []
    covered = bytearray(len(reading.text_read))
    for what, text, (start, end) in spans_of(found):
        covered[start:end] = b"\1" * (end - start)
        there = repaired_slice(reading, start, end)
        if text is not None and words(text) != words(there):
            faults.append(f"{what} [{start}:{end}]\n    says   {text}\n    source {there}")
    told = {row for line in lines if any(covered[line.start : line.end]) for row in rows_of(line)}
    for line in lines:
        if rows_of(line) & told:
            continue
        outside = "".join(
            "\n" if covered[at] else reading.text_read[at] for at in range(line.start, line.end)
        )
        pieces = ["".join(piece.split()) for piece in outside.split("\n")]
        if any(piece and not LABEL.fullmatch(piece) for piece in pieces):
            faults.append(f"nowhere: {' '.join(outside.split())}")
    return faults


def problems_of(name: str) -> list[str]:
    path = path_of(name)
    wanted = json.loads((READINGS / f"{name}.expected.json").read_text(encoding="utf-8"))
    try:
        lines = source_of(path.read_bytes(), name=path.name).lines
        reading = read(path.read_bytes(), name=path.name)
    except DocumentError as refusal:
        return [f"refused: {refusal.code}"]
    found = json.loads(json_of(reading))
    return differences(wanted, found) or unaccounted(reading, found, lines)
