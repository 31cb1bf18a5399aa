"""The desk by keyboard, by mouse and on a phone."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from directives.documents.commands.registering import register_document
from directives.documents.ingest.reading import read
from directives.models import Directive
from tests.browser.conftest import NARROW
from tests.factories import NOW

# What keys and fingers do; tests/documents/test_desk_acts.py writes on both engines.
pytestmark = pytest.mark.once

CITY = Path(__file__).parents[1] / "documents" / "readings" / "city_twelve_tasks.docx"


@pytest.fixture
def document(live_server, cast):
    source = CITY.read_bytes()
    return register_document(
        reading=read(source, name=CITY.name),
        source=source,
        source_name=CITY.name,
        by=cast.supervisor,
        now=NOW,
        organisation=cast.body,
    )


def at_the_desk(desk, cast, document, **options):
    one = desk(**options)
    one.be(cast.supervisor)
    one.go(f"/documents/{document.pk}/desk/?show=all")
    return one.page


def says(page, read):
    expect(page.locator(".deskread b")).to_have_text(str(read))


def test_rows_are_read_marked_and_undone_by_keyboard(desk, cast, document):
    page = at_the_desk(desk, cast, document)
    first, second, third = document.directives.order_by("order")[:3]
    page.keyboard.press("j")
    expect(page.locator(f"#d{first.pk}.on")).to_be_visible()
    expect(page.locator(f'.bit.on[data-row="{first.pk}"]').first).to_be_visible()
    page.keyboard.press("r")
    says(page, 1)
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.locator("[data-desk-count]")).to_have_text("2")
    page.keyboard.press("r")
    says(page, 3)
    page.keyboard.press("u")
    says(page, 1)
    expect(page.locator(f"#d{third.pk}.on")).to_be_visible()
    page.keyboard.press("h")
    expect(page.locator(f"#d{third.pk}.heading")).to_be_visible()
    assert Directive.objects.get(pk=third.pk).heading
    assert not Directive.objects.get(pk=second.pk).heading


def test_a_key_pressed_before_the_page_has_settled_keeps_the_chosen_row(desk, cast, document):
    page = at_the_desk(desk, cast, document)
    first = document.directives.order_by("order").first()
    page.keyboard.press("j")
    page.evaluate(
        """() => {
            const undo = new KeyboardEvent("keydown", {key: "u", bubbles: true});
            const press = () => document.querySelector("main").dispatchEvent(undo);
            document.addEventListener("htmx:afterRequest", press, {once: true});
        }"""
    )
    with page.expect_response("**/desk/undo/"):
        page.keyboard.press("r")
    says(page, 0)
    expect(page.locator(f"#d{first.pk}.on")).to_be_visible()


def test_a_row_opens_by_enter_is_cut_and_no_key_acts_while_typing(desk, cast, document):
    page = at_the_desk(desk, cast, document)
    row = document.directives.get(code="附·1.1")
    page.locator(f"#b{row.pk}").click()
    expect(page.locator(f"#d{row.pk}.on")).to_be_visible()
    page.keyboard.press("Enter")
    words = page.locator(f"#d{row.pk} [data-words]")
    expect(words).to_be_focused()
    words.press("Home")
    for _ in range(4):
        words.press("ArrowRight")
    words.press("Enter")
    page.locator(f"#d{row.pk} button[value=split]").click()
    expect(page.locator(".deskrow", has_text="附·1.1a")).to_be_visible()
    assert Directive.objects.get(pk=row.pk).text == "改造公园"
    page.locator(f"#d{row.pk} [data-open]").click()
    words = page.locator(f"#d{row.pk} [data-words]")
    words.press("End")
    words.press_sequentially("rdxu")
    expect(words).to_have_value("改造公园rdxu")
    says(page, 0)
    page.keyboard.press("Escape")
    expect(words).to_have_count(0)


def test_selected_words_of_the_source_go_into_a_new_row(desk, cast, document):
    page = at_the_desk(desk, cast, document)
    row = document.directives.get(code="附·1.1")
    page.locator(f"#d{row.pk} [data-open]").click()
    field = page.locator(f"#d{row.pk} [data-add]")
    expect(field).to_be_visible()
    place = page.locator(f'.bit[data-row="{row.pk}"]').first
    place.scroll_into_view_if_needed()
    box = place.bounding_box()
    page.mouse.move(box["x"] + 1, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] + 2, box["y"] + box["height"] / 2, steps=5)
    page.mouse.up()
    expect(field).to_have_value("改造公园无障碍设施12处")


def test_on_a_phone_a_row_leads_to_its_source_and_back_by_touch(desk, cast, document):
    page = at_the_desk(desk, cast, document, size=NARROW, has_touch=True)
    row = document.directives.order_by("order")[8]
    source = page.locator(".desksrc")
    expect(source).to_be_hidden()
    page.locator(f"#d{row.pk} .tosrc").tap()
    expect(page.locator(f'.bit.on[data-row="{row.pk}"]').first).to_be_in_viewport()
    page.locator(f"#b{row.pk}").tap()
    expect(source).to_be_hidden()
    expect(page.locator(f"#d{row.pk}")).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.locator(f"#d{row.pk} button[name=one]").tap()
    says(page, 1)
