"""Which rows of a reading are doubtful, and which are unread."""

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from directives.documents.queries.desk import (
    doubts_by_directive,
    line_starts,
    unread_count,
)
from directives.models import Addressee, Directive, Repair
from tests.factories import NOW, TODAY, make_body, make_directive, make_document, make_section

TEXT = "关于某事的意见\n一、健全制度\n各单位要建?制度。要定期开会。\n"


@pytest.fixture
def section(cast):
    return make_section(make_document(text_read=TEXT, text_repaired=TEXT, script="hans"), "一")


def row(section, code="一.1.1", names=(), **fields):
    directive = make_directive(section, code=code)
    Directive.objects.filter(pk=directive.pk).update(**fields)
    for order, (name, basis) in enumerate(names):
        Addressee.objects.create(directive=directive, order=order, name=name, basis=basis)
    return directive


def doubts(section):
    rows = Directive.objects.filter(document=section.document).prefetch_related("addressees")
    found = doubts_by_directive(section.document, rows, on=TODAY)
    return {
        directive.code: [(doubt.kind, doubt.of) for doubt in found[directive.pk]]
        for directive in rows
    }


def test_a_row_that_names_a_body_of_the_register_is_not_doubtful(section, cast):
    row(section, names=[(cast.body.name_hans, "named")])
    assert doubts(section) == {"一.1.1": []}


def test_nobody_named_and_somebody_inferred_are_doubtful(section, cast):
    row(section, names=[("", "unstated")])
    row(section, "一.1.2", names=[(cast.body.name_hans, "inferred")])
    assert doubts(section) == {"一.1.1": [("unstated", "")], "一.1.2": [("inferred", "")]}


def test_a_name_that_fits_no_body_or_several_is_doubtful(section, cast):
    for code, parent in (("Q81", cast.body), ("Q82", cast.sibling)):
        make_body(code, parent=parent, name_hans="办公室", name_hant="辦公室")
    make_body("S81", parent=cast.centre, kind="provincial_committee", level="provincial")
    row(section, names=[("市民正局", "named"), ("办公室", "named"), ("各级党委", "named")])
    assert doubts(section) == {"一.1.1": [("unknown", "市民正局"), ("ambiguous", "办公室")]}


def test_a_deadline_that_should_be_a_day_and_is_none_is_doubtful(section, cast):
    who = [(cast.body.name_hans, "named")]
    row(section, names=who, due_words="3月底前", due_rule="month")
    row(section, "一.1.2", names=who, due_words="长期坚持", due_rule="words")
    dated = {"due_words": "2031年3月底前", "due_rule": "month", "due_on": date(2031, 3, 31)}
    row(section, "一.1.3", names=who, **dated)
    assert doubts(section) == {"一.1.1": [("deadline", "3月底前")], "一.1.2": [], "一.1.3": []}


def test_a_row_with_an_undecided_repair_is_doubtful_and_its_neighbour_is_not(section):
    start = TEXT.index("各单位")
    end = TEXT.index("要定期")
    row(section, source_start=start, source_end=end, statement=True, kind="statement", modality="")
    row(
        section,
        "一.1.2",
        source_start=end,
        source_end=len(TEXT) - 1,
        statement=True,
        kind="statement",
        modality="",
    )
    column = TEXT.split("\n")[2].index("?")
    Repair.objects.create(
        document=section.document,
        order=0,
        kind="unreadable",
        line=3,
        start=column,
        state="proposed",
    )
    assert doubts(section) == {"一.1.1": [("repair", "")], "一.1.2": []}


def test_a_line_that_could_be_a_heading_is_doubtful_until_it_is_one(section):
    as_statement = {"statement": True, "kind": "statement", "modality": ""}
    row(section, title=True, **as_statement)
    row(section, "一.1.2", title=True, heading=True, **as_statement)
    row(section, "一.1.3", title=True, dropped=True, **as_statement)
    assert doubts(section) == {"一.1.1": [("title", "")], "一.1.2": [], "一.1.3": []}


def test_unread_are_the_directives_that_nobody_compared(section, cast):
    row(section)
    row(section, "一.1.2", checked_by=cast.supervisor, checked_at=NOW)
    row(section, "一.1.3", statement=True, kind="statement", modality="")
    assert unread_count(section.document) == 1


def test_doubts_cost_as_many_queries_for_many_rows_as_for_one(section):
    row(section, names=[("甲局", "named")])
    with CaptureQueriesContext(connection) as few:
        doubts(section)
    for number in range(2, 40):
        row(section, f"一.1.{number}", names=[(f"{number}局", "named")])
    with CaptureQueriesContext(connection) as many:
        doubts(section)
    assert len(many) == len(few)


def test_lines_begin_after_the_end_of_the_line_before():
    assert line_starts("甲\n\n乙丙\n丁") == [0, 2, 3, 6]
