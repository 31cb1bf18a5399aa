"""Official papers: what they say, how they are set, who may take them away.

The .docx is read again by another office.
"""

import re
import shutil
import subprocess
from datetime import date
from io import BytesIO
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from docx import Document as Docx
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn

from directives.papers import layout
from directives.papers.paper import (
    Heading,
    Paper,
    Para,
    Table,
    chinese_number,
    numbered_parts,
    printable,
    sentence,
    title_lines,
)
from directives.web.middleware import timezone as clock
from tests.factories import (
    NOW,
    make_cycle,
    make_directive,
    make_document,
    make_measure,
    make_obligation,
    make_plan,
    make_report,
    make_section,
)

pytestmark = pytest.mark.once

TEXT = (
    "各级组织认真贯彻落实文件精神，围绕中心服务大局，"
    "扎实推进各项工作落实取得了阶段性的成效广大群众的获得感幸福感进一步增强"
)


@pytest.fixture(autouse=True)
def steady(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: NOW)


def paper(**fields):
    given = {
        "title": "关于贯彻落实情况的报告",
        "recipient": "中央办公厅",
        "blocks": (Para(TEXT),),
        "signer": "全国总工会",
        "signed_on": date(2026, 9, 5),
    }
    return Paper(**(given | fields))


def printed(made: Paper, folder: Path) -> str:
    """The paper as LibreOffice prints it: its text, a form feed after each page."""
    (folder / "paper.docx").write_bytes(layout.write(made))
    return read_back(folder)


def read_back(folder: Path) -> str:
    """The text of paper.docx, as LibreOffice prints it."""
    source = folder / "paper.docx"
    profile = f"-env:UserInstallation=file://{folder}/profile"
    order = [
        "soffice",
        profile,
        "--headless",
        "--convert-to",
        "pdf",
        "--outdir",
        str(folder),
        str(source),
    ]
    subprocess.run(order, check=True, capture_output=True, timeout=400)
    told = subprocess.run(
        ["pdftotext", "-layout", str(folder / "paper.pdf"), "-"], check=True, capture_output=True
    )
    size = subprocess.run(["pdfinfo", str(folder / "paper.pdf")], check=True, capture_output=True)
    assert re.search(r"Page size: +595\.\d+ x 841\.\d+", size.stdout.decode())  # A4
    return told.stdout.decode()


# words


@pytest.mark.parametrize(
    ("number", "words"),
    [(1, "一"), (10, "十"), (11, "十一"), (20, "二十"), (23, "二十三"), (99, "九十九")],
)
def test_headings_count_in_chinese(number, words):
    assert chinese_number(number) == words


def test_each_level_of_heading_is_numbered_in_its_own_way():
    assert [Heading(level, 3, "甲").full for level in (1, 2, 3, 4)] == [
        "三、甲",
        "（三）甲",
        "3. 甲",
        "（3）甲",
    ]


def test_a_part_that_says_nothing_gets_no_heading():
    assert numbered_parts(1, [("甲", []), ("乙", [Para("做了。")])]) == (
        Heading(1, 1, "乙"),
        Para("做了。"),
    )


def test_what_cannot_be_printed_is_left_out():
    assert printable("一\x00二\x0b三\ud800\n 四 ") == "一二三 四"
    assert [sentence("办结"), sentence("办结。"), sentence(" ")] == ["办结。", "办结。", ""]


def test_a_title_breaks_where_a_phrase_ends():
    title = (
        "全国总工会关于2026年第三季度贯彻落实《中共中央关于加强和改进党的群团工作的意见》情况的报告"
    )
    assert title_lines(title) == (
        "全国总工会关于",
        "2026年第三季度贯彻落实《中共中央关于",
        "加强和改进党的群团工作的意见》情况的报告",
    )
    assert title_lines("短题") == ("短题",)
    many = "《甲》" * 60
    assert "".join(title_lines(many)) == many


def test_a_title_has_no_waist():
    """Its lines widen, narrow, or are widest in the middle (梯形, 菱形)."""
    lines = title_lines(
        "中华全国总工会贯彻落实《中共中央关于加强和改进党的群团工作的意见》实施方案"
    )
    assert lines == (
        "中华全国总工会贯彻落实《中共中央关于",
        "加强和改进党的群团工作的意见》实施方案",
    )
    lines = title_lines(
        "中共广西壮族自治区委员会贯彻落实《中共中央关于加强和改进党的群团工作的意见》实施方案"
    )
    assert lines == (
        "中共广西壮族自治区委员会",
        "贯彻落实《中共中央关于",
        "加强和改进党的群团工作的意见》实施方案",
    )


def test_a_long_name_in_a_title_breaks_after_a_place():
    body = "中国共产主义青年团新疆维吾尔自治区伊犁哈萨克自治州察布查尔锡伯自治县委员会"
    assert title_lines(f"{body}关于贯彻落实情况的报告") == (
        "中国共产主义青年团新疆维吾尔自治区",
        "伊犁哈萨克自治州察布查尔锡伯自治县",
        "委员会关于贯彻落实情况的报告",
    )


def test_the_day_and_the_name_of_the_file():
    made = paper(title="关于甲/乙的报告", fictional="演示数据")
    assert (made.signed, made.file_name) == ("2026年9月5日", "关于甲 乙的报告 演示数据")


# layout


def test_a_page_holds_22_lines_of_28_characters(tmp_path):
    body = "办" * (28 * 22 * 2)
    pages = printed(paper(title="题", recipient="", blocks=(Para(body),)), tmp_path).split("\f")
    second = [line.strip() for line in pages[1].splitlines() if "办" in line]
    assert (len(second), {len(line) for line in second}) == (22, {28})
    assert ["— 1 —" in " ".join(page.split()) or "—1—" in page for page in pages[:1]] == [True]


def test_odd_pages_are_numbered_at_the_right_and_even_ones_at_the_left(tmp_path):
    pages = printed(paper(blocks=(Para("办" * 2000),)), tmp_path).split("\f")
    places = [
        next(line for line in page.splitlines() if "—" in line).index("—") for page in pages[:2]
    ]
    assert places[0] > 20 > 8 > places[1]


def test_the_fonts_of_the_standard_are_named_with_what_may_stand_in():
    made = Docx(
        BytesIO(
            layout.write(
                paper(
                    blocks=numbered_parts(
                        1, [("总体情况", numbered_parts(2, [("进展", [Para("做了。")])]))]
                    )
                )
            )
        )
    )
    faces = [p.runs[0]._r.rPr.rFonts.get(qn("w:eastAsia")) for p in made.paragraphs if p.runs]
    assert faces == [
        "方正小标宋简体",
        "仿宋_GB2312",
        "黑体",
        "楷体_GB2312",
        "仿宋_GB2312",
        "仿宋_GB2312",
        "仿宋_GB2312",
    ]
    sizes = [p.runs[0].font.size.pt for p in made.paragraphs if p.runs]
    assert sizes == [22, 16, 16, 16, 16, 16, 16]
    table = next(
        part
        for part in made.part.package.iter_parts()
        if str(part.partname) == "/word/fontTable.xml"
    ).blob.decode()
    assert (
        '<w:font w:name="仿宋_GB2312"><w:altName w:val="仿宋,FangSong,STFangsong,宋体"/>' in table
    )


def test_a_traditional_paper_names_faces_that_have_its_characters():
    made = Docx(BytesIO(layout.write(paper(traditional=True))))
    assert made.paragraphs[2].runs[0]._r.rPr.rFonts.get(qn("w:eastAsia")) == "仿宋"


def test_margins_and_pitch_are_those_of_the_standard():
    made = Docx(BytesIO(layout.write(paper())))
    part = made.sections[0]
    measures = [
        round(length.mm)
        for length in (part.page_width, part.page_height, part.top_margin, part.left_margin)
    ]
    assert measures == [210, 297, 37, 28]
    assert (
        round(part.page_width.mm - part.left_margin.mm - part.right_margin.mm),
        made.paragraphs[-1].paragraph_format.line_spacing.pt,
    ) == (156, 28.95)


def test_the_signature_stands_above_the_day_which_is_four_characters_in():
    made = Docx(BytesIO(layout.write(paper())))
    signer, day = made.paragraphs[-2:]
    assert (signer.text, day.text) == ("全国总工会", "2026年9月5日")
    rights = [p._p.pPr.ind.get(qn("w:rightChars")) for p in (signer, day)]
    assert rights == ["450", "400"]  # 5 characters centred over 6


def test_a_signature_takes_the_end_of_the_text_along():
    """No page holds a signature alone.

    Everything from the last paragraph to the signer stays with what follows it.
    """
    made = Docx(BytesIO(layout.write(paper(blocks=(Para(TEXT), Para(TEXT)), annexes=("甲", "乙")))))
    kept = [(p.text[:5], bool(p.paragraph_format.keep_with_next)) for p in made.paragraphs[3:]]
    assert kept == [
        (TEXT[:5], False),
        (TEXT[:5], True),
        ("", True),
        ("附件：1.", True),
        ("　　　2.", True),
        ("", True),
        ("", True),
        ("全国总工会", True),
        ("2026年", False),
    ]


def test_lines_are_not_spread_where_a_long_address_does_not_break():
    made = Docx(
        BytesIO(
            layout.write(
                paper(blocks=(Para(TEXT), Para("详见 https://example.org/a/long/path.html。")))
            )
        )
    )
    assert [p.alignment for p in made.paragraphs[3:5]] == [
        WD_ALIGN_PARAGRAPH.JUSTIFY,
        WD_ALIGN_PARAGRAPH.LEFT,
    ]


def test_a_table_stands_on_a_page_of_its_own_with_its_heading_repeated(tmp_path):
    rows = tuple((str(number), TEXT, "2026年12月31日") for number in range(1, 30))
    table = Table("任务分解表", ("序号", "措施", "完成时限"), rows, (10, 65, 25))
    pages = printed(paper(annexes=(table.title,), tables=(table,)), tmp_path).split("\f")
    assert [("附件" in page, "完成时限" in page) for page in pages[:3]] == [
        (True, False),
        (True, True),
        (False, True),
    ]


def test_made_up_data_says_so_on_every_page(tmp_path):
    pages = printed(paper(blocks=(Para("办" * 2000),), fictional="演示数据"), tmp_path).split("\f")[
        :-1
    ]
    assert len(pages) > 2
    assert ["演示数据" in page for page in pages] == [True] * len(pages)


def test_characters_that_xml_forbids_do_not_break_the_file():
    made = Docx(BytesIO(layout.write(paper(blocks=(Para(printable("甲\x00乙\x1f<&>")),)))))
    assert "甲乙<&>" in [p.text for p in made.paragraphs]


# papers of the work


@pytest.fixture
def work(cast):
    document = make_document(
        title_hans="关于加强工作的意见", title_hant="關於加強工作的意見", fictional=True
    )
    sections = [
        make_section(document, number="一", title="健全制度"),
        make_section(document, number="二", title="保障条件"),
    ]
    rows = [
        make_obligation(
            make_directive(section, code=code, text=f"健全{code}制度，形成合力。"),
            cast.body,
            state="underway",
        )
        for section, code in zip(sections, ("一.1.1", "二.1.1"), strict=True)
    ]
    plan = make_plan(cast.body, document, title="工会实施方案", summary="总的要求是扎实推进")
    for number, row in enumerate(rows, 1):
        make_measure(
            plan,
            row,
            number=number,
            text=f"印发第{number}号办法",
            responsible="办公厅",
            due_on=date(2026, 12, 31),
        )
    report = make_report(cast.body, make_cycle(document), *rows)
    first, second = report.entries.order_by("pk")
    type(first).objects.filter(pk=first.pk).update(
        progress="印发了办法", problems="人手不足", next_steps="抓紧培训", percent=60
    )
    type(first).objects.filter(pk=second.pk).update(
        unchanged=True, unchanged_reason="按计划下半年开展", problems="人手不足"
    )
    return plan, report


def texts(response) -> list[str]:
    return [p.text for p in Docx(BytesIO(response.getvalue())).paragraphs if p.text]


def test_a_plan_becomes_a_paper(cast, work, sign_in):
    answer = sign_in(cast.staff).get(reverse("plan_paper", args=[work[0].pk]), {"export": "docx"})
    assert answer.status_code == 200, answer.content.decode()[:1500]
    assert answer["Content-Type"].endswith("wordprocessingml.document")
    told = texts(answer)
    assert told[0] == "工会实施方案"
    assert [line for line in told if line[:2] in ("一、", "二、", "（一", "（二")] == [
        "一、总体要求",
        "二、主要措施",
        "（一）健全制度",
        "（二）保障条件",
    ]
    assert "总的要求是扎实推进。" in told
    assert "1. 印发第1号办法。（责任人：办公厅；完成时限：2026年12月31日）" in told


def test_headings_of_the_schedule_stand_in_one_line(work, sign_in, cast, tmp_path):
    """附件, a blank line, the title, then the table.

    Its short headings are not broken, its days are written out.
    """
    (tmp_path / "paper.docx").write_bytes(
        sign_in(cast.staff).get(f"/plans/{work[0].pk}/paper/?export=docx").getvalue()
    )
    pages = read_back(tmp_path).split("\f")
    head = next(line for line in pages[1].splitlines() if "序号" in line)
    assert head.split() == ["序号", "措施", "责任人", "完成时限", "成果形式", "文件条款"]
    assert "2026-" not in pages[1]
    made = Docx(tmp_path / "paper.docx")
    here = next(place for place, p in enumerate(made.paragraphs) if p.text == "附件")
    label, blank, title = made.paragraphs[here : here + 3]
    assert (label.paragraph_format.page_break_before, blank.text, title.text) == (
        True,
        "",
        "任务分解表",
    )


def test_a_report_becomes_a_paper_with_denominators(cast, work, sign_in):
    told = texts(
        sign_in(cast.staff).get(reverse("report_paper", args=[work[1].pk]), {"export": "docx"})
    )
    assert "贯彻落实《关于加强工作的意见》情况的报告" in "".join(told[:4])
    whole = next(line for line in told if line.startswith("本单位承担"))
    assert whole.startswith(
        "本单位承担该文件责任事项2项，本期有进展1项，与上期相比无变化1项，已全部完成0项。"
    )
    assert "填报完成比例的1项，平均完成60%。" in whole
    assert "一.1.1　健全一.1.1制度。印发了办法。（完成60%）" in told
    assert "二.1.1　健全二.1.1制度。与上期相比无变化：按计划下半年开展。" in told
    assert "1. 人手不足（一.1.1、二.1.1）。" in told  # said twice, printed once
    assert "1. 抓紧培训（一.1.1）。" in told


def test_the_page_prints_what_the_file_says_in_either_script(cast, work, sign_in):
    client = sign_in(cast.staff, "zh-hant")
    address = reverse("report_paper", args=[work[1].pk])
    page = client.get(address).content.decode()
    for line in texts(client.get(address, {"export": "docx"})):
        assert line.removesuffix("：") in re.sub(r"</?(b|span)>", "", page).replace("&lt;", "<"), (
            line
        )
    assert "關於加強工作的意見" in page
    assert "示範資料" in page


def test_a_reader_in_english_gets_the_paper_in_chinese(cast, work, sign_in):
    told = texts(
        sign_in(cast.staff, "en").get(reverse("plan_paper", args=[work[0].pk]), {"export": "docx"})
    )
    assert "一、总体要求" in told


def test_nothing_to_print_says_what_to_do(cast, sign_in):
    plan = make_plan(cast.body, make_document())
    page = sign_in(cast.staff).get(reverse("plan_paper", args=[plan.pk])).content.decode()
    assert "还没有可打印的内容" in page
    assert "export=docx" not in page


def test_a_viewer_looks_and_takes_nothing(cast, work, sign_in):
    plan, _report = work
    type(plan).objects.filter(pk=plan.pk).update(
        state="submitted", submitted_at=NOW, submitted_by=cast.manager
    )
    client, address = sign_in(cast.viewer), reverse("plan_paper", args=[plan.pk])
    assert [
        client.get(address).status_code,
        client.get(address, {"export": "docx"}).status_code,
    ] == [200, 403]
    assert "export=docx" not in client.get(address).content.decode()


@pytest.mark.parametrize(("name", "which"), [("plan_paper", 0), ("report_paper", 1)])
def test_a_paper_takes_as_many_queries_for_many_rows_as_for_few(cast, work, sign_in, name, which):
    client, address = sign_in(cast.staff), reverse(name, args=[work[which].pk])
    client.get(address)
    with CaptureQueriesContext(
        connection,
    ) as few:
        client.get(address)
    plan, report = work
    section = make_section(plan.document, number="三", title="加强领导")
    for number in range(3, 8):
        row = make_obligation(
            make_directive(section, code=f"三.1.{number}"), cast.body, state="underway"
        )
        make_measure(plan, row, number=number, text=f"办第{number}件事")
        report.entries.create(obligation=row, progress="办了", percent=10)
    with CaptureQueriesContext(connection) as many:
        client.get(address)
    assert len(many) == len(few) <= 20


def test_the_programs_that_read_papers_again_are_here():
    assert [bool(shutil.which(name)) for name in ("soffice", "pdftotext", "pdfinfo")] == [
        True,
        True,
        True,
    ]
