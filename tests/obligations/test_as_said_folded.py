"""A long issue as the document says: folded by section, rows loaded when opened, nothing lost."""

import time
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from directives.models import Addressee, Directive, Obligation
from directives.obligations.forms import said_groups
from tests.factories import NOW, make_directive, make_document, make_section
from tests.obligations.test_as_said import LATER, SOON, address, confirm, name_in


def long_document(cast, *, sections=2, directives=3):
    """Each directive names two bodies; all were read."""
    document = make_document()
    read = {"checked_by": cast.supervisor, "checked_at": NOW}
    for number in range(1, sections + 1):
        section = make_section(document, number=str(number), title=f"第{number}部分", order=number)
        for place in range(1, directives + 1):
            row = make_directive(section, code=f"{number}.{place}", due_on=SOON, **read)
            name_in(row, ("全国总工会", "lead"), ("共青团中央", "supporting"))
    return document


@pytest.fixture
def folded(cast, monkeypatch):
    monkeypatch.setattr(said_groups, "SHOWN", 5)
    return long_document(cast)


@pytest.fixture
def client(cast, sign_in):
    return sign_in(cast.supervisor)


def rows_of(document, code):
    directive = document.directives.get(code=code)
    return directive, *directive.addressees.order_by("order")


def sent(document, *codes, **fields):
    """What a page with these directives open sends, with some fields changed."""
    form = {"part": [], "omit": []}
    for code in codes:
        directive, *addressees = rows_of(document, code)
        form[f"due-{directive.pk}"] = directive.due_on.isoformat()
        form["part"] += [f"{row.pk}:{row.role}" for row in addressees]
    return form | fields


def shown(response):
    return [
        [line.said.directive.code for line in group.lines] for group in response.context["groups"]
    ]


FIRST, SECOND = ["1.1", "1.2", "1.3"], ["2.1", "2.2", "2.3"]


def test_the_first_section_is_open_and_the_others_are_buttons(client, folded):
    page = client.get(address(folded))
    assert shown(page) == [FIRST, []]
    key = rows_of(folded, "2.1")[0].pk
    content = page.content.decode()
    assert (f'name="open" value="{key}"' in content, f"due-{key}" in content) == (True, False)
    assert ("2.1 – 2.3" in content, "第2部分" in content, "3 项任务" in content) == (True,) * 3


def test_a_short_document_shows_all_its_rows(client, cast):
    document = long_document(cast)
    page = client.get(address(document))
    assert shown(page) == [[*FIRST, *SECOND]]
    assert 'name="open"' not in page.content.decode()


def test_the_rows_of_a_section_come_by_themselves(client, folded):
    key = rows_of(folded, "2.1")[0].pk
    rows = client.get(address(folded), {"open": key}, headers={"HX-Request": "true"})
    content = rows.content.decode()
    assert (content.count('name="due-'), "<html" in content) == (3, False)
    assert content.lstrip().startswith(f'<tbody class="fold" id="g-{key}">')
    assert shown(client.get(address(folded), {"open": [key, "x"]})) == [[], SECOND]


def test_without_scripts_opening_a_section_keeps_what_was_chosen(client, folded):
    key, lead = rows_of(folded, "2.1")[0].pk, rows_of(folded, "1.2")[1]
    form = sent(folded, *FIRST, open=[key], omit=[lead.pk], due_on="2099-01-02")
    answer = client.post(address(folded), form)
    first = rows_of(folded, "1.1")[0].pk
    assert answer.headers["Location"] == f"{address(folded)}?open={first}&open={key}#g-{key}"
    page = client.get(answer.headers["Location"])
    assert shown(page) == [FIRST, SECOND]
    assert page.context["groups"][0].lines[1].rows[0].is_left_out
    assert page.context["form"]["due_on"].value() == "2099-01-02"


def test_what_was_chosen_in_a_folded_section_is_assigned(client, folded, key):
    other, lead, supporting = rows_of(folded, "2.2")
    changed = sent(folded, *SECOND, omit=[supporting.pk])
    changed |= {f"due-{other.pk}": "2098-02-03", f"own-{lead.pk}": "2097-02-03"}
    changed["part"] = [f"{lead.pk}:responsible"]
    client.post(address(folded), changed)
    page = client.get(address(folded))  # with the first section open again
    assert (shown(page), [group.changed for group in page.context["groups"]]) == (
        [FIRST, []],
        [0, 1],
    )
    assert "已修改 1 项" in page.content.decode()
    assert client.post(address(folded), sent(folded, *FIRST)).status_code == 302
    confirm(client, key, folded)
    rows = Obligation.objects.filter(directive=other)
    assert list(rows.values_list("organisation__code", "part", "due_on")) == [
        ("Q01", "responsible", date(2097, 2, 3))
    ]
    assert Obligation.objects.count() == 11


def test_what_is_put_back_in_an_open_section_counts(client, folded):
    supporting = rows_of(folded, "2.2")[2]
    client.post(address(folded), sent(folded, *SECOND, omit=[supporting.pk]))
    client.post(address(folded), sent(folded, *SECOND))
    page = client.get(address(folded))
    assert [group.changed for group in page.context["groups"]] == [0, 0]


def test_the_first_section_with_an_error_is_open_and_errors_are_counted(client, folded):
    yesterday = timezone.localdate() - timedelta(days=1)
    Directive.objects.filter(document=folded, code__startswith="2.").update(due_on=yesterday)
    answer = client.post(address(folded), {})
    assert (answer.status_code, shown(answer)) == (422, [[], SECOND])
    assert [group.faulty for group in answer.context["groups"]] == [0, 3]
    assert "有误 3 项" in answer.content.decode()


def test_a_large_section_is_cut(client, folded, monkeypatch):
    monkeypatch.setattr(said_groups, "SIZE", 2)
    assert shown(client.get(address(folded))) == [["1.1", "1.2"], [], [], []]


def test_three_thousand_rows_are_a_light_page(cast, client):
    document, asked = long_document(cast, directives=1), []
    assert cast.supervisor.held_memberships
    for more in (10, 990):
        fill(document, cast, more)
        client.get(address(document))
        began = time.process_time()
        with CaptureQueriesContext(connection) as queries:
            page = client.get(address(document))
        asked.append((len(queries), len(page.content), time.process_time() - began))
    (few, _small, _quick), (many, size, seconds) = asked
    assert (few, page.context["form"].proposal.directives[-1].directive.code) == (many, "x.990.989")
    assert size <= 300_000
    assert seconds <= 3  # some 0.3 s; far more where each row takes a statement or a template


def fill(document, cast, count):
    section = document.sections.last()
    made = [
        Directive(
            document=document,
            section=section,
            code=f"x.{count}.{number}",
            paragraph=1,
            sentence=number,
            order=1000 * count + number,
            text="各单位要建立制度，定期报告。",
            text_hans="各单位要建立制度，定期报告。",
            text_hant="各單位要建立制度，定期報告。",
            kind="institution",
            due_on=LATER,
            checked_by=cast.supervisor,
            checked_at=NOW,
        )
        for number in range(count)
    ]
    Directive.objects.bulk_create(made)
    Addressee.objects.bulk_create(
        Addressee(
            directive=row, order=order, name=name, name_hans=name, name_hant=name, basis="named"
        )
        for row in made
        for order, name in enumerate(("全国总工会", "共青团中央"))
    )
