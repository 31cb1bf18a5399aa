"""The tags and filters of the pages."""

import re
from datetime import UTC, date, datetime
from types import SimpleNamespace
from uuid import UUID

import pytest
from django import forms
from django.template import Context, Template
from django.test import RequestFactory
from django.utils import translation
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy

from directives.base.workdays import Workdays
from directives.core.scope import Lights
from directives.templatetags import tracker
from directives.templatetags.markup import fast_format_html, join_html

pytestmark = pytest.mark.once

TODAY = date(2026, 10, 13)


@pytest.fixture(autouse=True)
def simplified():
    with translation.override("zh-hans"):
        yield


def request(address="/"):
    asked = RequestFactory().get(address)
    asked.today, asked.workdays = TODAY, Workdays()
    return asked


def render(source, **context):
    return Template("{% load tracker %}" + source).render(
        Context({"request": request(), **context})
    )


def row(light="red", reason=None, percent=20):
    code, on = reason or ("", None)
    return SimpleNamespace(
        light=light,
        light_code=code,
        light_on=on,
        starts_on=date(2026, 1, 1),
        due_on=date(2026, 12, 31),
        percent=percent,
    )


@pytest.mark.parametrize(
    ("colour", "symbol", "tone", "word"),
    [
        ("green", "L-g", "t-g", "正常"),
        ("yellow", "L-y", "t-y", "临期或滞后"),
        ("red", "L-r", "t-r", "逾期"),
        ("closed", "L-c", "t-n", "已销号"),
        ("undue", "L-n", "t-n", "未到期"),
    ],
)
def test_each_colour_has_its_mark_its_tone_and_its_word(colour, symbol, tone, word):
    mark = f'<svg class="lamp" aria-hidden="true"><use href="#{symbol}"/></svg>'
    assert render("{% lamp colour %}", colour=colour) == mark
    assert render("{{ colour|tone }} {{ colour|colour_word }}", colour=colour) == f"{tone} {word}"
    assert (
        render("{% lamp_word colour 1200 %}", colour=colour)
        == f'<span class="light {tone}">{mark}{word} 1,200</span>'
    )


def test_a_lamp_may_be_big():
    assert 'class="lamp big"' in render('{% lamp "red" "big" %}')


def test_a_light_says_its_word_and_its_reason():
    overdue = row("red", ("plan_overdue", date(2026, 9, 14)))
    assert render("{% light row %}", row=overdue) == (
        '<span class="light t-r"><svg class="lamp" aria-hidden="true"><use href="#L-r"/></svg>'
        "逾期 21 个工作日</span>"
        '<span class="why">实施方案应于9月14日报送，未报</span>'
    )
    behind = row("yellow", ("behind", date(2026, 12, 31)), percent=35)
    assert "完成 35%，按时序应达 78%" in render("{% light row %}", row=behind)


def test_a_light_without_its_reason_where_the_room_is_small():
    overdue = row("red", ("plan_overdue", date(2026, 9, 14)))
    assert "why" not in render("{% light row why=False %}", row=overdue)
    assert render("{% light row %}", row=row("undue")).endswith("未到期</span>")


def test_the_parts_of_a_bar_stand_in_one_order_and_fill_it():
    drawn = render("{% bar lights %}", lights=Lights(undue=25, red=25, green=50))
    assert re.findall(r'<rect (\S+) x="([^"]*)" width="([^"]*)"', drawn) == [
        ('class="s-g"', "0.00%", "50.00%"),
        ('class="s-r"', "50.00%", "25.00%"),
        ('fill="url(#P-n)"', "75.00%", "25.00%"),
    ]


def test_a_bar_is_drawn_with_attributes_and_read_aloud():
    drawn = render('{% bar lights label="九" %}', lights=Lights(green=3, yellow=1))
    assert drawn == (
        '<svg class="bars" width="100%" height="18" role="img" '
        'aria-label="九 共 4 项：正常 3，临期或滞后 1">'
        '<rect class="s-g" x="0.00%" width="75.00%" height="18"/>'
        '<rect fill="url(#P-y)" x="75.00%" width="25.00%" height="18"/></svg>'
    )


def test_a_bar_of_nothing_is_an_empty_track():
    drawn = render("{% bar lights 20 %}", lights=Lights())
    assert 'aria-label="暂无数据"' in drawn
    assert '<rect class="track" x="0%" width="100%" height="20"/>' in drawn


def test_a_label_is_escaped():
    assert "<b>" not in render(
        "{% bar lights label=label %}{% meter 1 2 label=label %}", lights=Lights(), label='"><b>'
    )


@pytest.mark.parametrize(
    ("done", "total", "width"), [(12, 21, "57.1%"), (0, 0, "0.0%"), (3, 2, "100.0%")]
)
def test_a_meter_shows_done_of_total(done, total, width):
    drawn = render("{% meter done total %}", done=done, total=total)
    assert f'<rect class="fill" width="{width}" height="8" rx="2"/>' in drawn
    assert f'aria-label="{done}/{total}"' in drawn


@pytest.mark.parametrize(
    ("part", "whole", "said"),
    [
        (2618, 3869, "67.7%（2,618/3,869）"),
        (5, 5, "100%（5/5）"),
        (0, 5, "0%（0/5）"),
        (0, 0, "—（0/0）"),
        (9999, 10000, "99.9%（9,999/10,000）"),
        (1, 10000, "0.1%（1/10,000）"),
    ],
)
def test_a_share_is_never_a_bare_percentage(part, whole, said):
    assert tracker.share(part, whole) == said


def test_figures_are_grouped():
    assert tracker.grouped(1234567) == "1,234,567"
    assert tracker.grouped(None) == "—"


DIRECTIVE = SimpleNamespace(text="羣團組織", text_hans="群团组织", text_hant="群團組織")


@pytest.mark.parametrize(
    ("language", "said"), [("zh-hans", "群团组织"), ("zh-hant", "群團組織"), ("en", "羣團組織")]
)
def test_words_come_in_the_readers_script(language, said):
    with translation.override(language):
        assert tracker.words(DIRECTIVE) == said


@pytest.mark.parametrize(
    ("language", "said"),
    [("zh-hans", "全国总工会"), ("zh-hant", "全國總工會"), ("en", "全国总工会")],
)
def test_a_name_that_is_stored_once_is_converted(language, said):
    with translation.override(language):
        assert tracker.name(SimpleNamespace(name_hans="全国总工会", name_hant="")) == said


def test_a_title_and_an_absent_thing():
    assert tracker.titled(SimpleNamespace(title="繁", title_hans="简", title_hant="繁")) == "简"
    assert (tracker.words(None), tracker.name(None), tracker.titled(None)) == ("", "", "")


@pytest.mark.parametrize(
    ("language", "said"), [("zh-hans", "报送"), ("zh-hant", "報送"), ("en", "报送")]
)
def test_typed_chinese_in_the_readers_script(language, said):
    with translation.override(language):
        assert tracker.script("报送") == said


@pytest.mark.parametrize(
    ("language", "this_year", "other_year", "weekday", "moment"),
    [
        ("zh-hans", "10月13日", "2025年1月2日", "周二", "10月13日 00:20"),
        ("zh-hant", "10月13日", "2025年1月2日", "週二", "10月13日 00:20"),
        ("en", "13 Oct", "2 Jan 2025", "Tue", "13 Oct 00:20"),
    ],
)
def test_days_and_moments(language, this_year, other_year, weekday, moment):
    with translation.override(language):
        assert tracker.format_day(TODAY, TODAY) == this_year
        assert tracker.format_day(date(2025, 1, 2), TODAY) == other_year
        assert tracker.weekday(TODAY) == weekday
        # 16:20 in Greenwich is past midnight in Shanghai.
        assert tracker.moment(datetime(2026, 10, 12, 16, 20, tzinfo=UTC), TODAY) == moment


def test_no_day_is_a_dash():
    assert (tracker.format_day(None), tracker.moment(None), tracker.weekday(None)) == (
        "—",
        "—",
        "—",
    )


def test_once_is_a_fresh_key_each_time():
    keys = [render("{% once %}").split('value="')[1].split('"')[0] for _ in range(2)]
    assert keys[0] != keys[1]
    assert [UUID(key).version for key in keys] == [4, 4]


def test_version_is_what_the_reader_saw():
    assert (
        render("{% version thing %}", thing=SimpleNamespace(version=7))
        == '<input type="hidden" name="version" value="7">'
    )


@pytest.mark.parametrize(
    ("address", "call", "said"),
    [
        ("/x/?light=red&page=3", 'light="green"', "?light=green"),
        ("/x/?light=red&page=3", "page=4", "?light=red&page=4"),
        ("/x/?light=red&light=green", "", "?light=red&light=green"),
        ("/x/?light=red", "light=None", "?"),
        ("/x/?q=九%263", 'light="red"', "?q=%E4%B9%9D%263&light=red"),
    ],
)
def test_query_changes_the_address(address, call, said):
    template = Template(
        "{% load tracker %}{% autoescape off %}{% query request " + call + " %}{% endautoescape %}"
    )
    assert template.render(Context({"request": request(address)})) == said


class Form(forms.Form):
    title = forms.CharField(widget=forms.TextInput(attrs={"class": "wide"}))
    sure = forms.BooleanField()


def test_fields_wear_the_look_of_the_product():
    form = Form()
    assert 'class="in wide"' in tracker.styled(form["title"])
    assert 'class="in' not in tracker.styled(form["sure"])
    assert (tracker.boxed(form["title"]), tracker.boxed(form["sure"])) == (False, True)


def test_a_row_of_a_form_ties_its_error_to_its_field():
    form = Form({})
    drawn = render('{% include "_field.html" with field=form.title %}', form=form)
    assert 'aria-invalid="true"' in drawn
    assert 'aria-describedby="id_title_error"' in drawn
    assert '<ul class="error" id="id_title_error"> <li>' in " ".join(drawn.split())


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("甲\n    {{ x }}\n    乙", "甲丙乙"),
        ("甲\u3000\n  \u3000乙", "甲\u3000\u3000乙"),
        ("\n  <b>甲</b>\n  <i>乙</i>\n", "<b>甲</b><i>乙</i>"),
        ("one two\n  three", "one twothree"),
        ('<a\n  class="{{ x }}"\n  href="/">甲</a>\n乙', '<a class="丙" href="/">甲</a>乙'),
        ("{% if x %}\n  {% for y in x %}\n    {{ y }}\n  {% endfor %}\n{% endif %}。", "丙。"),
        ('{% if x %}<a\n  id="{% if x %}\n{% endif %}">\n{% endif %}甲', '<a id=" ">甲'),
    ],
)
def test_lines_that_are_joined(source, shown):
    text = "{% load layout %}{% joined %}" + source + "{% endjoined %}"
    assert Template(text).render(Context({"x": "丙"})) == shown


@pytest.mark.parametrize(
    "value",
    ["<b>&\"'</b>", "国务院", "", 1234, 1.5, None, gettext_lazy("Save"), SafeString("<i>x</i>")],
)
def test_html_put_together_fast_is_as_django_puts_it_together(value):
    made = fast_format_html('<a title="{}">{}</a>', value, value)
    assert made == format_html('<a title="{}">{}</a>', value, value)
    assert isinstance(made, SafeString)


def test_joined_pieces_are_escaped_unless_they_are_html():
    pieces = ["<b>", SafeString("<i>x</i>"), "&"]
    assert join_html(pieces) == "".join(map(conditional_escape, pieces))
