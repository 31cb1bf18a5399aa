"""The dashboard of all documents together: it hides none of them, and its figures are the rows of all."""

from datetime import date

import pytest

from tests.factories import NOW, make_directive, make_document, make_obligation, make_section


@pytest.fixture(autouse=True)
def fixed_now(time_machine):
    time_machine.move_to(NOW, tick=False)


def test_what_is_overdue_in_an_older_document_is_named(cast, sign_in):
    older, newer = make_document(title_hans="关于旧事的意见"), make_document(title_hans="关于新事的意见")
    for _number in range(27):
        make_obligation(make_directive(make_section(older)), cast.body, due_on=date(2026, 9, 1))
    make_obligation(make_directive(make_section(newer)), cast.body)
    page = sign_in(cast.supervisor).get("/dashboard/").content.decode()
    assert "<b>27</b>项逾期" in page.replace(" ", "")
    assert "关于旧事的意见" in page and f'href="?document={older.pk}"' in page
    assert "没有逾期" not in page
