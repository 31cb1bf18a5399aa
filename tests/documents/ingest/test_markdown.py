"""Markdown is read as its readers see it."""

import time

import pytest

from directives.documents.ingest.reading import Reading, read
from directives.documents.ingest.sources import source_of

pytestmark = pytest.mark.once

LAW = """---
title: 青河县渡口管理办法
---

## 第一章 总则

**第一条** 为了保障渡运安全，制定本办法。

**第二条** 镇人民政府应当：

- 明确渡口的*管理人员*；
- 每月检查一次[台账](https://example.org/a)。

---

| 序号 | 工作任务 | 责任单位 |
|---|:--:|---|
| 1 | 更换救生衣 | 县交通局 |
"""


def reading_of(text: str) -> Reading:
    return read(text.encode(), name="a.md")


def test_marks_are_no_words() -> None:
    reading = reading_of(LAW)
    assert reading.title == "青河县渡口管理办法"
    assert [(one.code, one.text) for one in reading.sentences] == [
        ("第一条.1", "为了保障渡运安全，制定本办法。"),
        ("第二条.1", "镇人民政府应当："),
        ("第二条.2", "• 明确渡口的管理人员；"),
        ("第二条.3", "• 每月检查一次台账。"),
        ("第一章·1.1", "更换救生衣"),
    ]
    assert [one.title for one in reading.sections if one.title] == ["总则"]


def test_a_title_row_makes_a_table_of_tasks() -> None:
    [task] = [one for one in reading_of(LAW).sentences if one.code == "第一章·1.1"]
    assert [one.name for one in task.addressees] == ["县交通局"]


def test_one_line_with_a_mark_is_no_markdown() -> None:
    text = "青河县人民政府公告\n# 3 号码头封闭\n各镇要**绕行**。"
    assert source_of(text.encode(), name="a.txt").format == "text"
    assert source_of(f"# 公告\n{text}".encode(), name="a.txt").format == "markdown"


@pytest.mark.parametrize("mark", ["#", "*", "[", "![", "|", "- ", "`", "_", "<!--", "# #"])
def test_marks_without_end_take_no_time(mark: str) -> None:
    start = time.monotonic()
    source_of(("# 甲\n" + mark * 30_000 + "\n## 乙").encode(), name="a.md")
    assert time.monotonic() - start < 5
