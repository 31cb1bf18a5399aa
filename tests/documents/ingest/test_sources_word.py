"""What is read of a .docx: numbering as Word shows it, tables, what is left out."""

import pytest

from directives.documents.ingest.sources import Cell, Source, source_of
from directives.documents.ingest.sources.numerals import numeral
from directives.documents.ingest.sources.word import source_of_docx
from tests.documents.ingest.word_files import (
    W,
    abstract,
    docx,
    lvl,
    members_of,
    num,
    p,
    packed,
    r,
    tbl,
    tc,
    tr,
)

pytestmark = pytest.mark.once


def words(source: Source) -> list[str]:
    return [source.text[line.start : line.end] for line in source.lines]


def read(body: str, **parts: str) -> Source:
    return source_of_docx(docx(body, **parts))


def left_out(source: Source) -> list[tuple[str, str]]:
    return [(line.reason, line.text) for line in source.left_out]


# numbering


@pytest.mark.parametrize(
    ("style", "numbers", "shown"),
    [
        ("decimal", (1, 12), "1 12"),
        ("decimalFullWidth", (12,), "１２"),
        ("decimalZero", (3, 12), "03 12"),
        ("decimalEnclosedCircle", (1, 20, 21, 51), "① ⑳ ㉑ 51"),
        ("decimalEnclosedParen", (2,), "⑵"),
        ("upperLetter", (1, 26, 27), "A Z AA"),
        ("lowerLetter", (28,), "bb"),
        ("upperRoman", (4, 19), "IV XIX"),
        ("lowerRoman", (9,), "ix"),
        ("chineseCounting", (1, 10, 11, 20, 99, 101), "一 十 十一 二十 九十九 一〇一"),
        (
            "chineseCountingThousand",
            (10, 15, 101, 110, 1003, 12000),
            "十 十五 一百零一 一百一十 一千零三 一万二千",
        ),
        ("taiwaneseCountingThousand", (12, 103), "十二 一百零三"),
        ("ideographTraditional", (1, 10, 11), "甲 癸 甲"),
        ("ideographZodiac", (12,), "亥"),
        ("ideographDigital", (10, 23), "一〇 二三"),
        ("chineseLegalSimplified", (1, 12), "壹 壹拾贰"),
        ("ideographLegalTraditional", (12,), "壹拾貳"),
        ("madeUp", (7,), "7"),
        ("none", (7,), ""),
    ],
)
def test_numerals(style: str, numbers: tuple[int, ...], shown: str) -> None:
    assert " ".join(numeral(number, style) for number in numbers) == shown


GOVERNMENT = abstract(
    0,
    lvl(0, "chineseCountingThousand", "%1、"),
    lvl(1, "chineseCountingThousand", "（%2）"),
    lvl(2, "decimal", "%3."),
    lvl(3, "decimal", "（%4）"),
) + num(1, 0)


def test_levels_count_on_and_begin_anew() -> None:
    source = read(
        p("总体要求", num="1")
        + p("主要任务", num="1")
        + p("建立制度。", num="1", level=1)
        + p("查设备。", num="1", level=2)
        + p("查人员。", num="1", level=2)
        + p("落实整改。", num="1", level=1)
        + p("限期改。", num="1", level=2)
        + p("不编号。")
        + p("组织领导", num="1"),
        numbering=GOVERNMENT,
    )
    assert words(source) == [
        "一、总体要求",
        "二、主要任务",
        "（一）建立制度。",
        "1. 查设备。",
        "2. 查人员。",
        "（二）落实整改。",
        "1. 限期改。",
        "不编号。",
        "三、组织领导",
    ]
    assert [line.label for line in source.lines] == [2, 2, 3, 2, 2, 3, 2, 0, 2]


def test_articles_count_through_chapters() -> None:
    numbering = abstract(
        0,
        lvl(0, "chineseCountingThousand", "第%1章"),
        lvl(1, "chineseCountingThousand", "第%2条", '<w:lvlRestart w:val="0"/>'),
    ) + num(1, 0)
    body = "".join(
        p(text, num="1", level=level)
        for level, text in ((0, "总则"), (1, "目的。"), (1, "范围。"), (0, "罚则"), (1, "罚款。"))
    )
    assert words(read(body, numbering=numbering)) == [
        "第一章 总则",
        "第一条 目的。",
        "第二条 范围。",
        "第二章 罚则",
        "第三条 罚款。",
    ]


def test_numbers_of_several_levels_in_one_label() -> None:
    levels = (
        lvl(0, "chineseCounting", "%1、"),
        lvl(1, "decimal", "%1.%2"),
        lvl(2, "decimal", "%1.%2.%3", "<w:isLgl/>"),
    )
    body = p("甲", num="1") + p("乙", num="1", level=1) + p("丙", num="1", level=2)
    assert words(read(body, numbering=abstract(0, *levels) + num(1, 0))) == [
        "一、甲",
        "一.1 乙",
        "1.1.1 丙",
    ]


def test_lists_of_one_abstract_numbering_count_together_unless_one_begins_anew() -> None:
    override = '<w:lvlOverride w:ilvl="0"><w:startOverride w:val="1"/></w:lvlOverride>'
    numbering = abstract(0, lvl(0, "decimal", "%1、")) + num(1, 0) + num(2, 0) + num(3, 0, override)
    body = "".join(p("项", num=key) for key in "1122331")
    assert words(read(body, numbering=numbering)) == [
        "1、项", "2、项", "3、项", "4、项", "1、项", "2、项", "3、项",
    ]  # fmt: skip


def test_a_start_other_than_one_and_an_overridden_level() -> None:
    override = f'<w:lvlOverride w:ilvl="0">{lvl(0, "upperLetter", "%1．", start=3)}</w:lvlOverride>'
    numbering = (
        abstract(0, lvl(0, "decimal", "%1、", start=5)) + num(1, 0)
        + abstract(1, lvl(0, "decimal", "%1、")) + num(2, 1, override)
    )  # fmt: skip
    body = p("甲", num="1") + p("乙", num="1") + p("丙", num="2")
    assert words(read(body, numbering=numbering)) == ["5、甲", "6、乙", "C．丙"]


STYLES = (
    '<w:style w:type="paragraph" w:default="1" w:styleId="a"><w:name w:val="Normal"/></w:style>'
    '<w:style w:type="paragraph" w:styleId="1"><w:name w:val="heading 1"/><w:basedOn w:val="a"/>'
    '<w:pPr><w:numPr><w:numId w:val="1"/></w:numPr><w:outlineLvl w:val="0"/></w:pPr></w:style>'
    '<w:style w:type="paragraph" w:styleId="2"><w:name w:val="heading 2"/><w:basedOn w:val="1"/>'
    '<w:pPr><w:outlineLvl w:val="1"/></w:pPr></w:style>'
    '<w:style w:type="paragraph" w:styleId="own"><w:name w:val="own"/><w:basedOn w:val="1"/>'
    "</w:style>"
    '<w:style w:type="paragraph" w:styleId="t"><w:name w:val="Title"/>'
    '<w:pPr><w:jc w:val="center"/></w:pPr></w:style>'
    '<w:style w:type="paragraph" w:styleId="toc"><w:name w:val="toc 1"/></w:style>'
    '<w:style w:type="character" w:styleId="gone"><w:name w:val="gone"/>'
    "<w:rPr><w:vanish/></w:rPr></w:style>"
)


def test_numbering_through_styles_and_what_they_are_based_on() -> None:
    numbering = abstract(
        0,
        lvl(0, "chineseCounting", "%1、", '<w:pStyle w:val="1"/>'),
        lvl(1, "chineseCounting", "（%2）", '<w:pStyle w:val="2"/>'),
    ) + num(1, 0)
    source = read(
        p("关于工作的意见", style="t")
        + p("甲", style="1")
        + p("乙", style="2")
        + p("丙", style="2", extra='<w:numPr><w:numId w:val="0"/></w:numPr>')
        + p("丁", style="own"),
        numbering=numbering,
        styles=STYLES,
    )
    assert words(source) == ["关于工作的意见", "一、甲", "（一）乙", "丙", "二、丁"]
    assert [(line.kind, line.level) for line in source.lines] == [
        ("heading", 0),
        ("heading", 1),
        ("heading", 2),
        ("heading", 2),
        ("heading", 1),
    ]
    assert source.lines[0].align == "center"


def test_a_numbering_that_a_numbering_style_defines() -> None:
    numbering = (
        abstract(0, more='<w:numStyleLink w:val="law"/>')
        + abstract(1, lvl(0, "decimal", "第%1條"), more='<w:styleLink w:val="law"/>')
        + num(1, 0)
        + num(2, 1)
    )
    styles = (
        '<w:style w:type="numbering" w:styleId="law"><w:name w:val="law"/>'
        '<w:pPr><w:numPr><w:numId w:val="2"/></w:numPr></w:pPr></w:style>'
    )
    assert words(read(p("為規範，", num="1"), numbering=numbering, styles=styles)) == [
        "第1條 為規範，"
    ]


def test_bullets_and_hidden_labels_are_no_labels() -> None:
    hidden = lvl(1, "decimal", "%2.", "<w:rPr><w:vanish/></w:rPr>")
    numbering = abstract(0, lvl(0, "bullet", "\uf0b7"), hidden) + num(1, 0)
    body = p("甲", num="1") + p("乙", num="1", level=1) + p("丙", num="9")
    assert words(read(body, numbering=numbering)) == ["甲", "乙", "丙"]


# tables


def test_merged_cells_are_there_once_with_what_they_span() -> None:
    restart, goes_on = '<w:vMerge w:val="restart"/>', "<w:vMerge/>"
    wide = '<w:gridSpan w:val="2"/>'
    table = tbl(
        tr(tc(p("序号")), tc(p("任务")), tc(p("时限")), properties="<w:tblHeader/>"),
        tr(tc(p("1")), tc(p("甲。"), p("乙。")), tc(p("10月底"), properties=restart)),
        tr(tc(p("2")), tc(p("")), tc(p(), properties=goes_on)),
        tr(tc(p("合计"), properties=wide), tc(p("三"))),
    )
    source = read(p("前") + table + p("后"))
    assert [(text, line.cell) for text, line in zip(words(source), source.lines, strict=True)] == [
        ("前", None),
        ("序号", Cell(1, 1, 1, header=True)),
        ("任务", Cell(1, 1, 2, header=True)),
        ("时限", Cell(1, 1, 3, header=True)),
        ("1", Cell(1, 2, 1)),
        ("甲。", Cell(1, 2, 2)),
        ("乙。", Cell(1, 2, 2)),
        ("10月底", Cell(1, 2, 3, rows=2)),
        ("2", Cell(1, 3, 1)),
        ("合计", Cell(1, 4, 1, columns=2)),
        ("三", Cell(1, 4, 3)),
        ("后", None),
    ]
    assert {line.kind for line in source.lines} == {"cell", "paragraph"}


def test_nested_tables_and_frames_of_one_column() -> None:
    inner = tbl(tr(tc(p("内甲")), tc(p("内乙"))))
    source = read(tbl(tr(tc(p("框")))) + tbl(tr(tc(p("外甲"), inner), tc(p("外乙")))))
    assert [(text, line.cell) for text, line in zip(words(source), source.lines, strict=True)] == [
        ("框", None),
        ("外甲", Cell(1, 1, 1)),
        ("内甲", Cell(2, 1, 1)),
        ("内乙", Cell(2, 1, 2)),
        ("外乙", Cell(1, 1, 2)),
    ]


def test_a_column_of_running_numbers_is_read() -> None:
    table = tbl(*(tr(tc(p(num="1")), tc(p(text))) for text in ("甲。", "乙。")))
    numbering = abstract(0, lvl(0, "decimal", "%1")) + num(1, 0)
    assert words(read(table, numbering=numbering)) == ["1", "甲。", "2", "乙。"]


# tracked changes, fields, hidden text


def test_changes_are_read_as_accepted() -> None:
    mark = "<w:rPr><w:del/></w:rPr>"
    body = (
        "<w:p>"
        + r("各镇要")
        + f"<w:ins>{r('立即')}</w:ins><w:del><w:r><w:delText>逐步</w:delText></w:r></w:del>"
        + f"<w:moveFrom>{r('移走')}</w:moveFrom><w:moveTo>{r('移来')}</w:moveTo>{r('整改。')}</w:p>"
        + p("上半句，", num="1", extra=mark)
        + p("下半句。", num="1")
        + tbl(tr(tc(p("删")), tc(p("行")), properties="<w:del/>"), tr(tc(p("甲")), tc(p("乙"))))
    )
    source = read(body, numbering=GOVERNMENT)
    assert words(source) == ["各镇要立即移来整改。", "一、上半句，下半句。", "甲", "乙"]
    assert left_out(source) == [
        ("deleted text", "逐步移走"),
        ("deleted text", "删 行"),
    ]


def field(instruction: str, result: str) -> str:
    return (
        '<w:r><w:fldChar w:fldCharType="begin"/></w:r>'
        f"<w:r><w:instrText>{instruction}</w:instrText></w:r>"
        f'<w:r><w:fldChar w:fldCharType="separate"/></w:r>{result}'
        '<w:r><w:fldChar w:fldCharType="end"/></w:r>'
    )


def test_fields_show_their_results() -> None:
    nested = field(
        f"IF </w:instrText></w:r>{field('DATE', r('不显示'))}<w:r><w:instrText>", r("年")
    )
    simple = f'<w:fldSimple w:instr="PAGE">{r("月")}</w:fldSimple>'
    link = f"<w:hyperlink>{r('链接')}</w:hyperlink>"
    assert words(read(f"<w:p>{field('DATE', r('2031'))}{nested}{simple}{link}</w:p>")) == [
        "2031年月链接"
    ]


def test_tables_of_contents_are_left_out() -> None:
    begin = (
        '<w:r><w:fldChar w:fldCharType="begin"/></w:r>'
        "<w:r><w:instrText> TOC \\o </w:instrText></w:r>"
        '<w:r><w:fldChar w:fldCharType="separate"/></w:r>'
    )
    body = (
        "<w:sdt><w:sdtPr><w:docPartObj><w:docPartGallery w:val='Table of Contents'/></w:docPartObj>"
        f"</w:sdtPr><w:sdtContent>{p('目录')}</w:sdtContent></w:sdt>"
        f"<w:p>{begin}{r('一、甲')}</w:p><w:p>{r('二、乙')}"
        '<w:r><w:fldChar w:fldCharType="end"/></w:r></w:p>' + p("三、丙", style="toc") + p("正文。")
    )
    source = read(body, styles=STYLES)
    assert words(source) == ["正文。"]
    assert left_out(source) == [
        ("contents", text) for text in ("目录", "一、甲", "二、乙", "三、丙")
    ]


def test_a_field_that_never_ends_hides_nothing() -> None:
    begin = '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>TOC</w:instrText></w:r>'
    assert words(read(f"<w:p>{begin}{r('甲。')}</w:p>{p('乙。')}")) == ["甲。", "乙。"]


def test_hidden_text_and_notes_are_left_out_and_listed() -> None:
    body = (
        f"<w:p>{r('各镇')}{r('密', '<w:vanish/>')}{r('要', '<w:vanish w:val=&quot;0&quot;/>')}"
        f"{r('样式', '<w:rStyle w:val=&quot;gone&quot;/>')}"
        '<w:r><w:footnoteReference w:id="2"/></w:r>'
        '<w:r><w:commentReference w:id="0"/></w:r>'
        f"{r('办。')}</w:p>" + p("", num="1", extra="<w:rPr><w:vanish/></w:rPr>") + p("下", num="1")
    ).replace("&quot;", '"')
    source = read(
        body,
        styles=STYLES,
        numbering=GOVERNMENT,
        footnotes=f'<w:footnote w:id="2">{p("脚注")}</w:footnote>',
        comments=f'<w:comment w:id="0">{p("批注")}</w:comment>',
        header=p("页眉"),
        footer=p("— 1 —"),
    )
    assert words(source) == ["各镇要办。", "一、下"]
    assert left_out(source) == [
        ("header", "页眉"),
        ("hidden text", "密样式"),
        ("footnote", "脚注"),
        ("comment", "批注"),
        ("footer", "— 1 —"),
    ]


def test_text_boxes_are_read_once() -> None:
    box = f"<w:txbxContent>{p('框中文字')}</w:txbxContent>"
    alternate = (
        f"<mc:AlternateContent><mc:Choice Requires='wps'><w:drawing><wps:txbx>{box}</wps:txbx>"
        f"</w:drawing></mc:Choice><mc:Fallback><w:pict><v:textbox>{box}</v:textbox></w:pict>"
        "</mc:Fallback></mc:AlternateContent>"
    )
    assert words(read(f"<w:p>{r('正文')}<w:r>{alternate}</w:r></w:p>")) == ["正文", "框中文字"]


def test_breaks_tabs_hyphens_and_readings() -> None:
    ruby = f"<w:ruby><w:rt>{r('hé')}</w:rt><w:rubyBase>{r('河')}</w:rubyBase></w:ruby>"
    inside = (
        "<w:t>青\u00ad</w:t><w:softHyphen/>"
        f"{ruby}<w:t>县</w:t><w:br/><w:t>A</w:t><w:noBreakHyphen/><w:t>1</w:t><w:tab/><w:t>号</w:t>"
    )
    source = read(f"<w:p><w:r>{inside}</w:r></w:p>")
    assert words(source) == ["青河县", "A-1\t号"]
    assert [line.joined for line in source.lines] == [False, True]


def test_the_whole_way_and_the_strict_standard() -> None:
    content = docx(p("一、加强领导") + p("各镇要开会。"))
    strict = content_of_strict(content)
    for source in (source_of(content, name="a.docx"), source_of(strict, name="a.docx")):
        assert (source.format, source.text) == ("docx", "一、加强领导\n各镇要开会。\n")


def content_of_strict(content: bytes) -> bytes:
    return packed(
        {
            name: part.replace(W.encode(), b"http://purl.oclc.org/ooxml/wordprocessingml/main")
            for name, part in members_of(content).items()
        }
    )
