"""The admin in a browser.

No page and no answer to any of its forms asks for what the content security policy forbids.
"""

from collections.abc import Iterator

import pytest
from django.urls import reverse
from playwright.sync_api import Page

from directives.models import Directive, Measure, Obligation
from tests.admin.test_admin_access import (  # noqa: F401 - fixtures
    ACTIONS,
    ADMINISTRATOR,
    OF_NOTHING,
    PAGES,
    POWERS,
    addresses,
    recorded,
    rows,
    split,
)
from tests.browser.conftest import Desk

pytestmark = pytest.mark.once

REPORT = """addEventListener("securitypolicyviolation", (event) => {
  console.error(
    `Content Security Policy: ${event.violatedDirective} ${event.blockedURI} `
    + `${event.sourceFile}:${event.lineNumber}`
  );
});"""
EMPTY = """() => {
  const form = document.querySelector(
    "#content form[method=post], #content-main form[method=post]"
  );
  for (const field of form.elements) {
    if (["text", "email", "date", "password", "number", "textarea"].includes(field.type))
      field.value = "";
  }
  form.noValidate = true;
  HTMLFormElement.prototype.submit.call(form);
}"""


@pytest.fixture
def administrator(live_server, recorded, cast, desk) -> Desk:  # noqa: F811
    one = desk()
    one.context.add_init_script(REPORT)
    one.be(cast.admin)
    return one


def pages(recorded: dict[str, int]) -> Iterator[tuple[str, str, str]]:  # noqa: F811
    """The model, the page and the address of everything that the admin shows a superuser."""
    for name in addresses():
        model, page = split(name)
        if model and PAGES[page][0] in POWERS["superuser"][model]:
            yield (
                model,
                page,
                reverse(f"admin:{name}", args=() if page in OF_NOTHING else (recorded[model],)),
            )


def send_empty(page: Page) -> None:
    with page.expect_navigation():
        page.evaluate(EMPTY)


def has_form(page: Page) -> bool:
    return page.locator("#content form[method=post], #content-main form[method=post]").count() > 0


def test_a_violation_would_be_seen(administrator):
    one = administrator
    one.go("/admin/")
    assert one.faults == []
    one.page.evaluate("document.body.setAttribute('style', 'color: red')")
    one.page.wait_for_timeout(100)
    assert [fault for fault in one.faults if "Content Security Policy" in fault]
    one.faults.clear()


def test_pages_and_their_forms_with_errors(administrator, recorded):  # noqa: F811
    """Every page as it is opened; every form as it comes back with nothing filled in.

    `desk` fails on any fault.
    """
    one, opened, answered = administrator, 0, 0
    for model, page, address in [
        *pages(recorded),
        ("", "", "/admin/"),
        ("", "", "/admin/password_change/"),
    ]:
        one.go(address)
        opened += one.statuses[address] == 200
        writes = not model or PAGES[page][1] in POWERS["superuser"][model]
        if writes and page not in ("changelist", "delete", "history") and has_form(one.page):
            send_empty(one.page)
            answered += 1
        assert one.faults == [], (model, page, one.faults)
    assert opened > 45
    assert answered >= 20


def test_confirmations_of_actions(administrator, recorded):  # noqa: F811
    one, asked = administrator, 0
    for model in ADMINISTRATOR:
        one.go(reverse(f"admin:directives_{model}_changelist"))
        offered = set(
            one.page.locator("select[name=action] option").evaluate_all(
                "found => found.map((one) => one.value)"
            )
        )
        for action in sorted(offered & ACTIONS.keys()):
            one.go(reverse(f"admin:directives_{model}_changelist"))
            one.page.locator("select[name=action]").select_option(action)
            one.page.locator("input[name=_selected_action]").first.check()
            with one.page.expect_navigation():
                one.page.locator("button[name=index]").click()
            asked += 1
            assert one.faults == [], (model, action, one.faults)
    assert asked > 3


def tables(rows: dict[str, int]) -> Iterator[tuple[str, str, str]]:  # noqa: F811
    """A model, a table of it that would change something, and one with faults."""
    directive, obligation = (
        Directive.objects.get(pk=rows["directive"]),
        Obligation.objects.get(pk=rows["obligation"]),
    )
    yield (
        "organisation",
        "code,name_hans,parent\nX1,甲,C000\n",
        "code,name_hans,parent,valid_from\nX1,甲,nowhere,2025-02-30\n",
    )
    its = f"{directive.pk},{directive.code},{directive.text}"
    yield "directive", f"id,code,text,kind\n{its},pilot\n", f"id,code,text,kind\n{its},nonsense\n"
    its = f"{obligation.directive_id},{obligation.organisation.code}"
    yield (
        "obligation",
        f"directive,organisation,leader\n{its},王一诺\n",
        f"directive,organisation,due_on\n{its},soon\n",
    )
    plan = Measure.objects.get(pk=rows["measure"]).plan_id
    yield (
        "measure",
        f"id,plan,number,text\n,{plan},9,印发办法\n",
        "id,plan,number,text\n,999999,9,印发办法\n",
    )


def send(page: Page, form: str) -> None:
    with page.expect_navigation():
        page.locator(f"{form} [type=submit]").first.click()


def test_tables_are_shown_before_they_are_confirmed(administrator, recorded):  # noqa: F811
    one = administrator
    for model, good, faulty in tables(recorded):
        for text in (faulty, good):
            one.go(reverse(f"admin:directives_{model}_import"))
            one.page.locator("input[type=file]").set_input_files(
                {"name": "t.csv", "mimeType": "text/csv", "buffer": text.encode()}
            )
            one.page.locator("select[name=format]").select_option("0")
            send(one.page, "#content form[method=post]")
            assert one.faults == [], (model, text, one.faults)
            assert one.page.locator("form[action*=process_import]").count() == (text == good), (
                model,
                text,
            )
        send(one.page, "form[action*=process_import]")
        assert one.page.url.endswith(reverse(f"admin:directives_{model}_changelist"))


def test_a_merger_is_shown_before_it_is_confirmed(administrator, cast):
    one = administrator
    one.go(reverse("admin:directives_organisation_merge", args=(cast.child.pk,)))
    one.page.fill("[name=into]", cast.sibling.code)
    send(one.page, "#content form[method=post]")
    assert one.page.locator("[name=confirm]").count() == 1
