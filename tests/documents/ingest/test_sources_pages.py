"""What is read of a web page and of what is pasted: the main part, tables, labels, hidden text."""

import base64
import quopri

import pytest

from directives.documents.ingest.sources import (
    Cell,
    DocumentError,
    Source,
    source_of,
    source_of_pasted,
)
from directives.documents.ingest.sources.web_pages import source_of_html

pytestmark = pytest.mark.once

LONG = "各镇要建立分类站点，明确专人负责，定期开展检查，发现问题及时整改。" * 3


def words(source: Source) -> list[str]:
    return [source.text[line.start : line.end] for line in source.lines]


def read(body: str, head: str = "") -> Source:
    return source_of_html(f"<!DOCTYPE html><html><head>{head}</head><body>{body}</body></html>")


def left_out(source: Source) -> list[tuple[str, str]]:
    return [(line.reason, line.text) for line in source.left_out]


def test_blocks_breaks_and_white_space() -> None:
    source = read(
        "<h1>关于垃圾分类\n  的意见</h1>开头<p>甲<br>乙<br/><br/>丙<br>　　丁</p>"
        "<div>in the\n office</div><pre>一行\n二行</pre><p>a&nbsp;b&shy;c</p>"
    )
    assert words(source) == [
        "关于垃圾分类的意见",
        "开头",
        "甲",
        "乙",
        "丙",
        "丁",
        "in the office",
        "一行",
        "二行",
        "a\xa0bc",
    ]
    assert [line.joined for line in source.lines] == [
        False, False, False, True, False, False, False, False, True, False,
    ]  # fmt: skip
    assert (source.lines[0].kind, source.lines[0].level) == ("heading", 1)


@pytest.mark.parametrize(
    "hidden",
    [
        '<p style="color: red; DISPLAY : none">隐</p>',
        '<p style="visibility:hidden">隐</p>',
        "<p hidden>隐</p>",
        '<div aria-hidden="true"><p>隐</p></div>',
        '<p class="a off">隐</p>',
        '<p id="gone">隐</p>',
        "<noscript>隐</noscript>",
        "<p style='mso-hide:all'>隐</p>",
    ],
)
def test_hidden_text_is_left_out_and_listed(hidden: str) -> None:
    style = (
        "<style>/* x */ p.off, #gone { display:none } @media print { .on {display:none} }</style>"
    )
    source = read(f'<p class="on">前</p>{hidden}<p>后</p>', f"{style}</style>")
    assert words(source) == ["前", "后"]
    assert left_out(source) == [("hidden text", "隐")]
    assert source.left_out[0].line == 2


def test_scripts_comments_and_readings_are_no_text() -> None:
    body = (
        "<script>var 甲 = '<p>乙</p>';</script><!-- 丙 --><template><p>丁</p></template>"
        "<p>青<ruby>河<rp>(</rp><rt>hé</rt><rp>)</rp></ruby>县</p><p>删<del>除</del>后</p>"
    )
    assert words(read(body, "<title>标题</title>")) == ["青河县", "删后"]


def test_menus_and_footers_are_left_out_but_no_list_of_annexes() -> None:
    def links(*names: str) -> str:
        return "".join(f'<li><a href="/{name}">{name}</a></li>' for name in names)

    source = read(
        f"<nav><a>首页</a></nav><ul>{links('要闻', '公开', '互动')}</ul>"
        "<header>站名</header>"
        f"<article><header><h1>关于工作的意见</h1></header><p>{LONG}</p></article>"
        f"<div>附件：<ul>{links('名录', '样表', '说明')}</ul></div>"
        '<ul><li><a href="/1.docx">甲</a></li><li><a href="/2.pdf">乙</a></li>'
        '<li><a href="/3.xls">丙</a></li></ul>'
        '<div><a href="#1">一、甲</a><a href="#2">二、乙</a><a href="#3">三、丙</a></div>'
        '<aside>推荐</aside><div class="page-footer">主办单位</div><footer>版权</footer>'
    )
    assert words(source) == [
        "关于工作的意见", LONG, "附件：", "名录", "样表", "说明", "甲", "乙", "丙",
    ]  # fmt: skip
    assert left_out(source) == [
        ("navigation", "首页"),
        ("navigation", "要闻 公开 互动"),
        ("header", "站名"),
        ("contents", "一、甲二、乙三、丙"),
        ("aside", "推荐"),
        ("navigation", "主办单位"),
        ("footer", "版权"),
    ]


def test_the_main_part_is_found_by_its_sentences() -> None:
    news = "".join(f"<div><p>某地新闻一条</p><p>又一条新闻{at}</p></div>" for at in range(40))
    source = read(
        f'<div class="side">{news}</div><div><h2>关于工作的意见</h2><div><p>前言</p>'
        f"<p>{LONG}</p><p>{LONG}</p><p>{LONG}</p><p>青河县人民政府</p></div></div>"
    )
    assert words(source) == ["关于工作的意见", "前言", LONG, LONG, LONG, "青河县人民政府"]
    assert {reason for reason, _text in left_out(source)} == {"outside the main part"}


def test_a_table_of_data_has_cells_and_spans() -> None:
    source = read(
        "<table><caption>分工表</caption><thead><tr><td>序号</td><td>任务</td><td>时限</td></tr>"
        "</thead><tbody><tr><td>1</td><td>甲。<br>乙。</td><td rowspan=2>10月底</td></tr>"
        "<tr><td>2</td><td></td></tr><tr><th colspan=2>合计</th><td>三</td></tr></tbody></table>"
    )
    assert [(text, line.cell) for text, line in zip(words(source), source.lines, strict=True)] == [
        ("分工表", None),
        ("序号", Cell(1, 1, 1, header=True)),
        ("任务", Cell(1, 1, 2, header=True)),
        ("时限", Cell(1, 1, 3, header=True)),
        ("1", Cell(1, 2, 1)),
        ("甲。", Cell(1, 2, 2)),
        ("乙。", Cell(1, 2, 2)),
        ("10月底", Cell(1, 2, 3, rows=2)),
        ("2", Cell(1, 3, 1)),
        ("合计", Cell(1, 4, 1, columns=2, header=True)),
        ("三", Cell(1, 4, 3)),
    ]


def test_a_table_that_lays_out_a_page_is_paragraphs() -> None:
    source = read(
        "<table><tr><td>左</td><td><h1>关于工作的意见</h1><p>一、甲</p>"
        "<table><tr><td>序号</td><td>任务</td></tr><tr><td>1</td><td>乙。</td></tr></table>"
        "</td></tr></table><table><tr><td>一列</td></tr><tr><td>两行</td></tr></table>"
    )
    assert [
        (text, line.cell is not None)
        for text, line in zip(words(source), source.lines, strict=True)
    ] == [
        ("左", False),
        ("关于工作的意见", False),
        ("一、甲", False),
        ("序号", True),
        ("任务", True),
        ("1", True),
        ("乙。", True),
        ("一列", False),
        ("两行", False),
    ]


def test_spans_that_make_no_sense_do_no_harm() -> None:
    cells = '<td rowspan="99999" colspan="99999">甲</td><td colspan="x">乙</td>'
    source = read(f"<table><tr>{cells}</tr><tr><td>丙</td><td>丁</td></tr></table>")
    assert words(source) == ["甲", "乙", "丙", "丁"]
    assert [line.cell.rows for line in source.lines if line.cell] == [1, 1, 1, 1]


def test_lists_show_their_numbers() -> None:
    source = read(
        '<ol start="3"><li>甲<li value="7">乙<li>丙</ol><ol type="A"><li>丁</ol>'
        '<ol style="list-style-type: cjk-ideographic"><li>戊</ol>'
        '<ol style="list-style: none"><li>一、己</ol><ul><li>庚</ul>'
    )
    assert words(source) == ["3. 甲", "7. 乙", "8. 丙", "A. 丁", "一、戊", "一、己", "庚"]
    assert [line.label for line in source.lines] == [2, 2, 2, 2, 2, 0, 0]


def test_what_word_saved_has_its_labels() -> None:
    def item(label: str, text: str) -> str:
        ignored = f"<span style='mso-list:Ignore'>{label}<span>&nbsp;&nbsp; </span></span>"
        return (
            "<p class=MsoNormal style='mso-list:l0 level1 lfo1'><![if !supportLists]>"
            f"<span>{ignored}</span><![endif]>{text}<o:p></o:p></p>"
        )

    source = read(
        "<p class=MsoTitle align=center>关于工作的意见</p><p class=MsoToc1>一、目录项</p>"
        + item("一、", "甲")
        + item("·", "乙")
        + item("1.", "丙")
        + "<div style='mso-element:footnote'><p>脚注</p></div>"
        "<!--[if gte mso 9]><xml><w:x>丁</w:x></xml><![endif]-->"
    )
    assert words(source) == ["关于工作的意见", "一、甲", "乙", "1. 丙"]
    assert [line.label for line in source.lines] == [0, 2, 0, 2]
    assert (source.lines[0].kind, source.lines[0].level, source.lines[0].align) == (
        "heading",
        0,
        "center",
    )
    assert left_out(source) == [("contents", "一、目录项"), ("footnote", "脚注")]


def test_alignment_is_inherited() -> None:
    source = read(
        '<div align="center"><p>中</p><p align="left">左</p></div>'
        '<p style="text-align:right">右</p><center>中</center>'
    )
    assert [line.align for line in source.lines] == ["center", "", "right", "center"]


# what is pasted


def test_pasted_html_and_text() -> None:
    clip = (
        "Version:0.9\r\nStartHTML:00000097\r\nEndHTML:00000170\r\nStartFragment:1\r\n"
        "<html><body><!--StartFragment--><p>一、甲</p><p>乙。</p><!--EndFragment--></body></html>"
    )
    assert words(source_of_pasted(clip, name="粘贴的文字")) == ["一、甲", "乙。"]
    text = source_of_pasted("一、甲\r\n乙 < 丙。\ud800", name="粘贴的文字")
    assert (text.format, words(text)) == ("text", ["一、甲", "乙 < 丙。?"])
    with pytest.raises(DocumentError, match="粘贴的文字 contains no text"):
        source_of_pasted("  ", name="粘贴的文字")


@pytest.mark.parametrize(
    ("encoding", "transfer"), [("gb18030", "base64"), ("utf-8", "quoted-printable")]
)
def test_a_page_in_an_archive(encoding: str, transfer: str) -> None:
    page = f"<html><body><p>一、加强领导</p><p>{LONG}</p></body></html>".encode(encoding)
    packed = base64.encodebytes(page) if transfer == "base64" else quopri.encodestring(page)
    archive = (
        b"From: <Saved by Word>\nMIME-Version: 1.0\nContent-Type: multipart/related; "
        b'boundary="part"\n\n--part\nContent-Type: text/html\nContent-Transfer-Encoding: '
        + transfer.encode()
        + b"\n\n"
        + packed
        + b"\n--part\nContent-Type: image/png\n\nx\n--part--\n"
    )
    source = source_of(archive, name="通知.doc")
    assert (source.format, words(source)) == ("html", ["一、加强领导", LONG])


# what is refused


@pytest.mark.parametrize(
    "markup",
    ["<div>" * 3000 + "深", f"<p>{'字' * 4_000_000}</p>"],
    ids=["deep", "one endless text"],
)
def test_what_the_parser_does_not_reach_is_not_left_out_silently(markup: str) -> None:
    with pytest.raises(DocumentError) as refusal:
        read(markup)
    assert refusal.value.code == "broke_off"


def test_entities_are_not_expanded() -> None:
    page = (
        '<!DOCTYPE html [<!ENTITY a "甲"><!ENTITY b "&a;&a;"><!ENTITY f SYSTEM "file:///etc/passwd">]>'
        "<html><body><p>前&b;&f;</p></body></html>"
    )
    assert "root:" not in source_of_html(page).text
    assert "甲甲" not in source_of_html(page).text


def test_lists_within_lists_have_labels_of_their_own() -> None:
    source = read("<ol><li>甲<ol><li>乙<ol><li>丙</li></ol></li></ol></li><li>丁</li></ol>")
    assert words(source) == ["1. 甲", "（1）乙", "① 丙", "2. 丁"]


def test_footnotes_that_libreoffice_saved_are_left_out() -> None:
    source = read(
        '<p>各镇要节水<a class="sdfootnoteanc" href="#a"><sup>1</sup></a>。</p>'
        '<div id="sdfootnote1"><p><a class="sdfootnotesym">1</a>节水由县水利局指导。</p></div>'
    )
    assert words(source) == ["各镇要节水。"]
    assert ("footnote", "1节水由县水利局指导。") in left_out(source)
