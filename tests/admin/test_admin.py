"""The admin: what an administrator may touch, and what even they may not."""

import io
import re
from datetime import UTC, date, datetime

import pytest
import time_machine
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from openpyxl import load_workbook

from directives import tallies
from directives.core.sealing import seal
from directives.indicators import commands as statistics
from directives.models import (
    BodyAlias,
    BodyClass,
    Directive,
    Event,
    JobProgress,
    Measure,
    Membership,
    Obligation,
    Organisation,
    User,
)
from tests.factories import (
    NOW,
    make_administrator,
    make_body,
    make_directive,
    make_measure,
    make_obligation,
    make_plan,
)

MODELS = (
    "user",
    "membership",
    "organisation",
    "document",
    "directive",
    "obligation",
    "measure",
    "bodyalias",
    "bodyclass",
    "calendarday",
    "event",
    "seal",
)
CSV = "text/csv"


@pytest.fixture
def administrator(cast):
    return make_administrator("root-not")


@pytest.fixture
def admin_client(administrator, sign_in):
    return sign_in(administrator)


def import_file(admin_client, model: str, text: str):
    """Upload a CSV; the page that shows what it would do."""
    upload = SimpleUploadedFile("table.csv", text.encode(), CSV)
    return admin_client.post(
        reverse(f"admin:directives_{model}_import"), {"import_file": upload, "format": "0"}
    )


def confirm(admin_client, model: str, shown):
    """Send the confirmation form of that page."""
    data = {
        name: shown.context["confirm_form"].initial[name]
        for name in ("import_file_name", "original_file_name", "format")
    }
    data["resource"] = shown.context["confirm_form"].initial.get("resource", "")
    return admin_client.post(reverse(f"admin:directives_{model}_process_import"), data)


@pytest.mark.parametrize("model", MODELS)
def test_an_administrator_opens_every_list(admin_client, cast, model):
    make_measure(make_plan(cast.body), make_obligation(organisation=cast.body))
    assert admin_client.get(reverse(f"admin:directives_{model}_changelist")).status_code == 200


@pytest.mark.parametrize("name", ["staff", "manager", "supervisor", "viewer", "outsider"])
def test_nobody_else_enters(cast, sign_in, name):
    answer = sign_in(getattr(cast, name)).get("/admin/")
    assert (answer.status_code, answer.url.split("?")[0]) == (302, reverse("admin:login"))


def test_the_business_pages_are_closed_to_an_administrator(admin_client, cast):
    row = make_obligation(organisation=cast.body)
    assert admin_client.get(reverse("obligation", args=[row.pk])).status_code == 404
    assert admin_client.get(reverse("organisations")).status_code == 200


def test_every_fault_of_a_table_of_bodies_is_listed_and_nothing_stored(admin_client, cast):
    before = Organisation.objects.count()
    shown = import_file(
        admin_client,
        "organisation",
        "code,name_hans,parent\nX1,甲,X2\nX2,乙,X1\nX3,丙,nowhere\nX3,丁,C000\n",
    )
    text = shown.content.decode()
    assert shown.context["result"].has_errors()
    for fault in ("X1 → X2 → X1", "nowhere", "X3"):
        assert fault in text
    assert [f"第 {n} 行" in text for n in (2, 3, 4, 5)] == [True] * 4
    assert Organisation.objects.count() == before


def test_bodies_are_imported_in_any_order_with_an_event_each(admin_client, cast):
    shown = import_file(
        admin_client,
        "organisation",
        "code,name_hans,parent,level,kind\nX2,乙,X1,county,other\nX1,甲,C000,municipal,other\n",
    )
    assert not shown.context["result"].has_errors()
    assert not Organisation.objects.filter(code__startswith="X").exists()
    assert confirm(admin_client, "organisation", shown).status_code == 302
    upper, lower = Organisation.objects.get(code="X1"), Organisation.objects.get(code="X2")
    assert lower.path.startswith(upper.path) and upper.path.startswith(cast.centre.path)
    assert sorted(
        Event.objects.filter(subject_type="organisation").values_list("action", "subject_id")
    ) == sorted(
        [("import", upper.pk), ("import", lower.pk), ("move", upper.pk), ("move", lower.pk)]
    )


def test_the_words_of_a_document_cannot_be_imported_over(admin_client, cast):
    directive = make_directive(text="要建立制度。")
    shown = import_file(
        admin_client,
        "directive",
        f"id,code,text,kind\n{directive.pk},{directive.code},不要建立制度。,pilot\n",
    )
    assert shown.context["result"].has_validation_errors()
    shown = import_file(
        admin_client,
        "directive",
        f"id,code,text,kind\n{directive.pk},{directive.code},要建立制度。,pilot\n",
    )
    confirm(admin_client, "directive", shown)
    assert Directive.objects.values_list("kind", "text", "version").get(pk=directive.pk) == (
        "pilot",
        "要建立制度。",
        2,
    )


def test_terms_of_an_obligation_are_imported_and_its_workflow_and_days_are_not(admin_client, cast):
    row = make_obligation(organisation=cast.body, percent=10)
    table = (
        "directive,organisation,leader,due_on,state,percent\n"
        f"{row.directive_id},Q01,王一诺,2026-12-31,closed,100\n"
    )
    later = table.replace("2026-12-31", "2027-06-30")
    refused = import_file(admin_client, "obligation", later)
    assert "此处不修改时限" in refused.content.decode()
    confirm(admin_client, "obligation", import_file(admin_client, "obligation", table))
    stored = Obligation.objects.get(pk=row.pk)
    assert (stored.leader, stored.due_on, stored.state, stored.percent) == (
        "王一诺",
        date(2026, 12, 31),
        "underway",
        10,
    )
    assert Event.objects.filter(obligation_id=row.pk, action="import").count() == 1
    assert tallies.drift() == []


def test_measures_are_imported(admin_client, cast):
    row = make_obligation(organisation=cast.body)
    plan = make_plan(cast.body, row.document)
    confirm(
        admin_client,
        "measure",
        import_file(
            admin_client,
            "measure",
            f"id,plan,number,text,obligations\n,{plan.pk},1,印发办法,{row.pk}\n",
        ),
    )
    measure = Measure.objects.get()
    assert (measure.text, list(measure.obligations.all())) == ("印发办法", [row])


def test_an_export_holds_no_formula(admin_client, cast):
    Organisation.objects.filter(pk=cast.body.pk).update(full_name='=HYPERLINK("x")')
    data = {"format": "1", "resource": "0"} | {
        f"organisationresource_{name}": "on" for name in ("code", "full_name_hans")
    }
    answer = admin_client.post(reverse("admin:directives_organisation_export"), data)
    cells = [
        cell
        for sheet in load_workbook(io.BytesIO(answer.content))
        for row in sheet.iter_rows()
        for cell in row
    ]
    assert '\'=HYPERLINK("x")' in [cell.value for cell in cells]
    assert all(cell.data_type != "f" for cell in cells)


def test_an_administrator_does_not_change_their_own_rights(admin_client, administrator, cast):
    page = admin_client.get(reverse("admin:directives_user_change", args=[administrator.pk]))
    fields = page.context["adminform"].form.fields
    never = {
        "is_staff",
        "is_superuser",
        "groups",
        "is_system_administrator",
        "is_security_administrator",
        "is_auditor",
    }
    assert never & fields.keys() == set()
    assert page.context["inline_admin_formsets"][0].has_add_permission is False
    admin_client.post(
        reverse("admin:directives_membership_add"),
        {"user": administrator.pk, "organisation": cast.body.pk, "role": "manager"},
    )
    assert Membership.objects.filter(user=administrator).count() == 0


def test_a_new_account_and_its_membership_are_on_record(admin_client, cast):
    strong = "Tong-Xun-2026!"
    admin_client.post(
        reverse("admin:directives_user_add"),
        {
            "username": "new",
            "full_name": "新人",
            "usable_password": "true",
            "password1": strong,
            "password2": strong,
            "memberships-TOTAL_FORMS": "0",
            "memberships-INITIAL_FORMS": "0",
        },
    )
    user = User.objects.get(username="new")
    admin_client.post(
        reverse("admin:directives_membership_add"),
        {"user": user.pk, "organisation": cast.body.pk, "role": "staff"},
    )
    events = Event.objects.filter(action="add").order_by("id")
    assert [event.subject_type for event in events] == ["user", "membership"]
    assert strong not in str([(event.before, event.after) for event in events])


def form_of(body: Organisation, **changes: object) -> dict[str, object]:
    """The admin's form of a body as it stands, with these changes."""
    names = ("code", "name_hans", "name_hant", "full_name", "level", "kind")
    return (
        {name: getattr(body, name) for name in names}
        | {"seen": body.version, "parent": body.parent_id or "", "valid_from": "", "valid_to": ""}
        | changes
    )


def test_a_body_is_moved_in_the_admin_with_its_counts(admin_client, cast):
    make_obligation(organisation=cast.child)
    address = reverse("admin:directives_organisation_change", args=[cast.child.pk])
    form = form_of(
        Organisation.objects.get(pk=cast.child.pk), parent=cast.sibling.pk, kind="committee"
    )
    page = admin_client.post(address, form, follow=True)
    assert "已移动，连同下级单位 0 家、责任事项 1 项。" in page.content.decode()
    moved = Organisation.objects.get(pk=cast.child.pk)
    assert (moved.parent, moved.kind, moved.path.startswith(cast.sibling.path)) == (
        cast.sibling,
        "committee",
        True,
    )
    assert Event.objects.filter(subject_type="organisation", subject_id=moved.pk).count() == 2
    assert tallies.drift() == []
    again = admin_client.post(address, form)  # sent twice: the second time the form is stale
    assert (again.status_code, Event.objects.filter(action="move").count()) == (200, 1)
    assert Organisation.objects.get(pk=moved.pk).version == moved.version


def test_no_body_is_moved_below_itself_or_deleted_in_the_admin(admin_client, cast):
    address = reverse("admin:directives_organisation_change", args=[cast.body.pk])
    page = admin_client.post(
        address, form_of(Organisation.objects.get(pk=cast.body.pk), parent=cast.child.pk)
    )
    assert "单位不能成为自己的下级。" in page.content.decode()
    assert (
        admin_client.post(
            reverse("admin:directives_organisation_delete", args=[cast.child.pk]), {"post": "yes"}
        ).status_code
        == 403
    )
    assert Organisation.objects.get(pk=cast.body.pk).parent == cast.centre


def test_a_merger_is_shown_before_it_is_confirmed(admin_client, cast):
    make_obligation(organisation=cast.child)
    address = reverse("admin:directives_organisation_merge", args=[cast.child.pk])
    assert "承接单位编码" in admin_client.get(address).content.decode()
    assert (
        "没有使用此编码的单位。"
        in admin_client.post(address, {"into": "nowhere", "version": 1}).content.decode()
    )
    shown = admin_client.post(address, {"into": "Q02", "version": 1})
    assert "1 项责任事项将转由共青团中央承担，0 项将撤回。" in shown.content.decode()
    assert Organisation.objects.get(pk=cast.child.pk).successor is None
    done = admin_client.post(address, {"into": "Q02", "version": 1, "confirm": "1"})
    assert (done.status_code, Organisation.objects.get(pk=cast.child.pk).successor) == (
        302,
        cast.sibling,
    )
    assert Obligation.objects.get().organisation == cast.sibling
    assert (
        "已撤销"
        in admin_client.post(
            address, {"into": "Q02", "version": 2, "confirm": "1"}
        ).content.decode()
    )
    assert tallies.drift() == []


def test_one_body_is_chosen_for_a_merger(admin_client, cast):
    address = reverse("admin:directives_organisation_changelist")
    chosen = admin_client.post(
        address, {"action": "merge_chosen", "_selected_action": [cast.child.pk]}
    )
    assert chosen.url == reverse("admin:directives_organisation_merge", args=[cast.child.pk])
    two = admin_client.post(
        address,
        {"action": "merge_chosen", "_selected_action": [cast.child.pk, cast.sibling.pk]},
        follow=True,
    )
    assert "请只选择一个要撤并的单位。" in two.content.decode()


def test_a_merger_that_would_be_refused_is_not_offered(admin_client, cast):
    gone = make_body(
        "Q90",
        parent=cast.centre,
        name_hans="旧单位",
        valid_to=date(2020, 1, 1),
        successor=cast.sibling,
    )
    page = {
        body: admin_client.get(
            reverse("admin:directives_organisation_change", args=[body.pk])
        ).content.decode()
        for body in (gone, cast.child)
    }
    links = [reverse("admin:directives_organisation_merge", args=[body.pk]) for body in page]
    assert [f'href="{link}"' in text for link, text in zip(links, page.values(), strict=True)] == [
        False,
        True,
    ]
    assert (
        "不能撤并" in page[gone],
        "旧单位已撤销。" in page[gone],
        "由共青团中央承接" in page[gone],
    ) == (True, True, True)
    assert "不能撤并" not in page[cast.child]
    asked = admin_client.get(links[0]).content.decode()
    assert ("旧单位已撤销。" in asked, 'name="into"' in asked) == (True, False)


def test_a_body_with_others_below_it_says_so_instead_of_offering_a_merger(admin_client, cast):
    text = admin_client.get(
        reverse("admin:directives_organisation_merge", args=[cast.centre.pk])
    ).content.decode()
    assert ("尚有下级单位，请先移动或合并这些下级单位。" in text, 'name="into"' in text) == (
        True,
        False,
    )


def test_an_abolished_body_cannot_be_chosen_for_a_merger(admin_client, cast):
    gone = make_body("Q90", parent=cast.centre, name_hans="旧单位", valid_to=date(2020, 1, 1))
    address = reverse("admin:directives_organisation_changelist")
    said = admin_client.post(
        address, {"action": "merge_chosen", "_selected_action": [gone.pk]}, follow=True
    )
    assert (said.redirect_chain, "旧单位已撤销。" in said.content.decode()) == (
        [(address, 302)],
        True,
    )


def test_only_administrators_merge(cast, sign_in):
    address = reverse("admin:directives_organisation_merge", args=[cast.child.pk])
    assert (
        sign_in(cast.supervisor)
        .post(address, {"into": "Q02", "version": 1, "confirm": "1"})
        .status_code
        == 302
    )
    assert Organisation.objects.get(pk=cast.child.pk).valid_to is None


def test_next_years_days_are_asked_for_in_the_autumn(
    admin_client, upkeep, django_capture_on_commit_callbacks
):
    upkeep()
    address = reverse("admin:directives_calendarday_changelist")
    with time_machine.travel(datetime(2026, 10, 31, 12, tzinfo=UTC), tick=False):
        assert "尚未录入" not in admin_client.get(address).text
    with time_machine.travel(datetime(2026, 11, 2, 12, tzinfo=UTC), tick=False):
        page = admin_client.get(address).text
        assert (
            "2027年工作日历尚未录入" in page,
            reverse("intake_new", args=["calendar"]) in page,
        ) == (True, True)
        with django_capture_on_commit_callbacks(execute=True):
            admin_client.post(
                reverse("admin:directives_calendarday_add"), {"day": "2027-01-01", "name": "元旦"}
            )
        assert "尚未录入" not in admin_client.get(address).text
    assert JobProgress.objects.get().kind == "relight"


@pytest.mark.parametrize(
    "model", ["document", "directive", "measure", "indicator", "event", "seal"]
)
def test_no_heading_is_left_in_english(admin_client, cast, model):
    """Neither on the list nor on the page of a row."""
    directive = make_directive()
    make_measure(make_plan(cast.body, directive.document), make_obligation(directive, cast.body))
    define = {
        "document": directive.document,
        "organisation": cast.centre,
        "by": cast.supervisor,
        "now": NOW,
    }
    statistics.define_indicator(fields=statistics.IndicatorFields("Z-1", "人数"), **define)
    assert seal(now=NOW)
    row = apps.get_model("directives", model).objects.first()
    known = {"SHA-256", "ID"}
    for address in (
        reverse(f"admin:directives_{model}_changelist"),
        reverse(f"admin:directives_{model}_change", args=[row.pk]),
    ):
        page = admin_client.get(address).content.decode()
        heads = re.findall(r'<div class="text">(.*?)</div>|<label[^>]*>(.*?):?</label>', page, re.S)
        words = {re.sub(r"<[^>]+>", "", one or other).strip() for one, other in heads} - known
        assert words
        assert [word for word in words if re.search(r"[A-Za-z]{3}", word)] == [], address
    if model == "directive":
        assert '<option value="once">' in page


def test_faults_of_a_table_are_sentences_and_no_trace_of_the_program(admin_client, cast):
    page = import_file(
        admin_client,
        "organisation",
        "code,name_hans,parent,valid_from\nX1,甲,nowhere,2025-02-30\n,乙,,\n",
    ).content.decode()
    assert [
        word
        for word in ("Traceback", "site-packages", "ValidationError", "[&#x27;")
        if word in page
    ] == []
    assert len(re.findall(r"<li>第 ?\d 行", page)) == 3
    assert "2025年2月没有30日。请核对日期" in page
    page = import_file(
        admin_client, "measure", "id,plan,number,text,obligations\n,999999,1,印发办法,1\n"
    ).content.decode()
    assert "Traceback" not in page


def test_a_preview_says_what_each_row_does_within_the_policy(admin_client, cast):
    page = import_file(
        admin_client, "organisation", "code,name_hans,parent\nX1,甲,C000\nQ02,新名,C000\n"
    ).content.decode()
    assert re.findall(r'<td class="import-type">\s*(\S+)', page) == ["新增", "修改"]
    assert " style=" not in page
    assert "<ins>" in page


def test_the_choice_of_columns_needs_no_script_in_the_page(admin_client, cast):
    page = admin_client.get(reverse("admin:directives_organisation_export")).content.decode()
    assert (" style=" in page, "onchange=" in page, "admin_export.js" in page) == (
        False,
        False,
        True,
    )
    assert "全选" in page
    assert "上级单位 (parent)" in page


def test_the_frame_of_the_admin_is_translated(admin_client, cast):
    page = admin_client.get("/admin/").content.decode()
    assert [
        word for word in ("Model name", "Add link", "Change or view list link") if word in page
    ] == []
    assert (
        "After you" not in admin_client.get(reverse("admin:directives_user_add")).content.decode()
    )


def test_the_form_of_terms_changes_no_day(admin_client, cast):
    row = make_obligation(organisation=cast.body, due_on=date(2026, 12, 31))
    address = reverse("admin:directives_obligation_change", args=[row.pk])
    days = dict.fromkeys(("starts_on", "due_on", "plan_due_on"), "2027-03-01")
    terms = {"part": "lead", "deliverable": "", "leader": "周", **days}
    page = admin_client.post(address, {**terms, "deliverable": "plan"})
    assert (page.status_code, "须填写报送时限" in page.text) == (200, True)
    assert admin_client.post(address, terms).status_code == 302
    row.refresh_from_db()
    assert (row.leader, row.starts_on, row.plan_due_on, row.due_on) == (
        "周",
        date(2026, 3, 2),
        None,
        date(2026, 12, 31),
    )
    page = admin_client.get(address).text
    assert [f'name="{name}"' in page for name in days] == [False] * 3


def test_names_with_their_organisations_are_stored_with_their_event(admin_client, cast):
    add = reverse("admin:directives_bodyalias_add")
    wrong = admin_client.post(add, {"name": "群工办", "bodies": [], "seen": "1"})
    assert wrong.status_code == 200 and not BodyAlias.objects.exists()
    sent = {"name": "群工办", "owner": cast.centre.pk, "bodies": [cast.body.pk], "seen": "1"}
    assert admin_client.post(add, sent).status_code == 302
    alias = BodyAlias.objects.get()
    assert (alias.key, alias.owner, [*alias.bodies.all()]) == ("群工办", cast.centre, [cast.body])
    change = reverse("admin:directives_bodyalias_change", args=[alias.pk])
    sent |= {"bodies": [cast.body.pk, cast.child.pk]}
    assert admin_client.post(change, sent).status_code == 302
    assert admin_client.post(change, sent).status_code == 200  # someone saw an older version
    events = Event.objects.filter(subject_type="bodyalias").order_by("pk")
    assert [(event.action, len(event.after["bodies"])) for event in events] == [
        ("add", 1),
        ("change", 2),
    ]
    delete = reverse("admin:directives_bodyalias_delete", args=[alias.pk])
    assert admin_client.post(delete, {"post": "yes"}).status_code == 302
    assert not BodyAlias.objects.exists()


def test_names_come_and_go_as_a_table(admin_client, cast):
    codes = f"{cast.body.code},{cast.child.code}"
    table = f'name,owner,bodies\n群工办,,"{codes}"\n妇联口,{cast.centre.code},{cast.body.code}\n'
    confirm(admin_client, "bodyalias", import_file(admin_client, "bodyalias", table))
    assert {
        alias.name: {body.code for body in alias.bodies.all()} for alias in BodyAlias.objects.all()
    } == {"群工办": {cast.body.code, cast.child.code}, "妇联口": {cast.body.code}}
    shown = import_file(admin_client, "bodyalias", "name,owner,bodies\n民口,,NOBODY\n")
    assert not shown.context.get("confirm_form")
    assert "NOBODY" in shown.content.decode()


def test_administrators_extend_the_classes_of_organisations(admin_client):
    add = reverse("admin:directives_bodyclass_add")
    sent = {"name": "各议事机构", "kinds": ["congress", "cppcc"], "levels": ["own"], "seen": "1"}
    assert admin_client.post(add, sent).status_code == 302
    row = BodyClass.objects.get(name="各议事机构")
    assert (row.kinds, row.levels, row.topmost) == (["congress", "cppcc"], ["own"], False)
    answer = admin_client.post(add, sent)
    assert "已有同名的单位统称" in answer.content.decode()
    listed = admin_client.get(reverse("admin:directives_bodyclass_changelist"), {"q": "议事"})
    assert "人大" in listed.content.decode() and "政协" in listed.content.decode()
