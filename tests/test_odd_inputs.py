"""Inputs that nobody means, each of a kind.

An answer in words, alike on both engines, and nothing broken behind it.
"""

from smtplib import SMTPException

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from directives.base.numbers import LARGEST, whole_number
from directives.core import notices
from directives.documents.ingest.reading import ISSUER, NAME, TITLE, read
from directives.documents.ingest.sources import DocumentError
from directives.health.work import check_queue
from directives.models import Addressee, Document, Item, Notice, Obligation, Section
from tests.factories import NOW, make_directive, make_measure, make_obligation, make_plan

BEYOND = ("9" * 20, str(2**63), "9" * 5000)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", 0),
        ("12", 12),
        (7, 7),
        (str(LARGEST), LARGEST),
        (str(LARGEST + 1), None),
        ("²", None),
        ("１２", None),
        ("-1", None),
        ("", None),
    ]
    + [(text, None) for text in BEYOND],
)
def test_a_whole_number_is_one_that_a_row_can_have(text, number):
    assert whole_number(text) == number


# where a form leads


@pytest.mark.parametrize(
    ("given", "leads"),
    [("1", "/"), ("/plans/", "/plans/"), ("//far.example/", "/"), ("/" + "长" * 5000, "/")],
)
def test_a_form_leads_to_an_address_of_ours_and_to_nothing_else(cast, sign_in, key, given, leads):
    client = sign_in(cast.staff)
    read_all = client.post(reverse("notices_read"), {**key(), "next": given})
    script = client.post(reverse("set_script"), {"language": "en", "next": given})
    assert (read_all.status_code, read_all.url, script.url) == (302, leads, leads)


@pytest.mark.parametrize("given", ["1", "notices", "javascript:alert(1)"])
def test_the_page_of_columns_leads_to_nothing_else_either(cast, sign_in, key, given):
    client = sign_in(cast.staff)
    shown = client.get(reverse("export_columns", args=["ledger"]), {"next": given})
    saved = client.post(
        reverse("export_columns_save", args=["ledger"]),
        {**key(), "version": "0", "column": ["number"], "next": given},
    )
    assert (shown.context["next"], saved.status_code) == ("", 302)
    assert saved.url == f"{reverse('export_columns', args=['ledger'])}?next="


def test_the_sign_in_leads_to_no_address_that_is_none(cast, sign_in):
    assert (
        sign_in(cast.staff).get(reverse("account_login"), {"next": "http://["}).status_code == 400
    )
    assert sign_in(cast.staff).get(reverse("account_login"), {"next": "/plans/"}).url == "/plans/"


# numbers


@pytest.mark.parametrize("text", BEYOND)
def test_a_version_that_no_row_has_is_a_conflict(cast, sign_in, key, text):
    plan = make_plan(cast.body)
    make_measure(plan, make_obligation(organisation=cast.body, directive=make_directive()))
    answer = sign_in(cast.staff).post(
        reverse("plan_move", args=[plan.pk, "ask_signature"]), {**key(), "version": text}
    )
    assert answer.status_code == 409


@pytest.mark.parametrize("text", ["9" * 20, str(2**63)])
def test_a_number_that_no_row_has_is_no_address(cast, sign_in, key, text):
    client = sign_in(cast.staff)
    assert client.get(f"/obligations/{text}/").status_code == 404
    assert client.post(f"/entries/{text}/save/", {**key(), "version": "1"}).status_code == 404


@pytest.mark.parametrize("text", BEYOND)
@pytest.mark.parametrize("name", ["document", "section", "directive", "body", "page", "after"])
def test_a_filter_by_a_number_that_no_row_has_filters_nothing_or_everything(
    cast, sign_in, name, text
):
    assert sign_in(cast.supervisor).get(reverse("obligations"), {name: text}).status_code in (
        200,
        302,
    )


@pytest.mark.parametrize("text", BEYOND)
def test_the_admin_takes_no_number_beyond_its_columns(cast, sign_in, text):
    client = sign_in(cast.admin)
    listed = client.get(reverse("admin:directives_obligation_changelist"), {"document": text})
    assert (listed.status_code, listed.url) == (
        302,
        f"{reverse('admin:directives_obligation_changelist')}?e=1",
    )
    shown = client.post(
        reverse("admin:directives_membership_add"),
        {"user": text, "organisation": "Q01", "role": "staff"},
    )
    assert shown.status_code == 200
    assert {"user", "organisation"} <= shown.context["adminform"].form.errors.keys()


def test_an_export_of_the_admin_under_a_filter_that_makes_no_sense_leads_to_the_list(cast, sign_in):
    answer = sign_in(cast.admin).get(reverse("admin:directives_obligation_export"), {"cycle": "1"})
    assert (answer.status_code, answer.url) == (
        302,
        f"{reverse('admin:directives_obligation_changelist')}?e=1",
    )


def test_nul_is_no_text(cast, sign_in, key):
    client = sign_in(cast.staff)
    assert client.get(reverse("log"), {"q": "甲\0"}).status_code == 400
    assert client.post(reverse("notices_read"), {**key(), "next": "/\0"}).status_code == 400
    assert client.get(reverse("log"), {"q": "甲"}).status_code == 200


# mail


def returned(cast, reason: str) -> Notice:
    cast.staff.email = "staff@example.org"
    cast.staff.save()
    notices.notify_decided(
        make_plan(cast.body), "returned", count=1, reason=reason, url="/plans/1/", now=NOW
    )
    return Notice.objects.get(user=cast.staff)


def test_a_reason_of_several_lines_is_mailed(cast, mailoutbox):
    notices.mail.func(returned(cast, "缺少时间节点\r\n负责人不明\nBcc: far@example.org").pk)
    (mail,) = mailoutbox
    assert "\n" not in mail.subject
    assert "缺少时间节点" in mail.subject
    assert "\r\n负责人不明\nBcc" in mail.body
    assert mail.recipients() == ["staff@example.org"]


@pytest.fixture
def no_mail(monkeypatch):
    def refuse(*_args: object, **_kwargs: object) -> None:
        raise SMTPException("the server is away")

    monkeypatch.setattr(notices, "send_mail", refuse)


def test_a_mail_that_fails_is_tried_again(cast, no_mail):
    notice = returned(cast, "缺少时间节点")
    DBTaskResult.objects.all().delete()
    notices.mail.func(notice.pk)
    (again,) = DBTaskResult.objects.all()
    assert again.args_kwargs["args"] == [notice.pk, 1]
    assert 50 < (again.run_after - timezone.now()).total_seconds() <= 60
    notices.mail.func(notice.pk, notices.TRIES - 2)
    assert [row.args_kwargs["args"][1] for row in DBTaskResult.objects.order_by("run_after")] == [
        1,
        notices.TRIES - 1,
    ]


def test_the_last_failure_is_seen(cast, no_mail):
    notice = returned(cast, "缺少时间节点")
    with pytest.raises(SMTPException):
        notices.mail.func(notice.pk, notices.TRIES - 1)


def test_the_doctor_tells_of_mail_that_is_tried_again(cast, no_mail):
    assert not any("mail" in finding.message for finding in check_queue(timezone.now()))
    notices.mail.func(returned(cast, "缺少时间节点").pk)
    assert any(
        "1 mails could not be sent" in finding.message for finding in check_queue(timezone.now())
    )


# texts longer than their columns


def test_what_a_document_may_hold_is_what_the_register_has_room_for():
    def room(model: type, name: str) -> int:
        return model._meta.get_field(name).max_length

    assert {room(Document, name) for name in ("title", "title_hans", "title_hant")} == {TITLE}
    assert {room(Section, name) for name in ("title", "title_hans", "title_hant")} == {TITLE}
    assert room(Document, "issuer") == ISSUER
    assert {
        room(model, name)
        for model in (Item, Addressee)
        for name in ("name", "name_hans", "name_hant")
    } == {NAME}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (f"关于{'长' * 300}的意见\n一、健全制度\n各单位要开会。\n", "long"),
    ],
)
def test_a_document_that_the_register_cannot_hold_is_refused_in_words(cast, sign_in, text, code):
    with pytest.raises(DocumentError) as refused:
        read(text.encode(), name="意见.txt")
    assert refused.value.code == code
    file = SimpleUploadedFile("意见.txt", text.encode())
    answer = sign_in(cast.supervisor).post(reverse("document_new"), {"file": file})
    assert answer.status_code == 422
    assert "意见.txt" in answer.content.decode()


@pytest.mark.parametrize("length", [500, 501, 5000])
def test_a_reason_is_as_long_on_both_engines(cast, sign_in, key, length):
    row = make_obligation(make_directive(), cast.body, state="assigned")
    sent = {**key(), "version": row.version, "reason": "长" * length}
    answer = sign_in(cast.staff).post(reverse("obligation_move", args=[row.pk, "dispute"]), sent)
    assert (answer.status_code, Obligation.objects.get().state) == (
        (302, "disputed") if length <= 500 else (422, "assigned")
    )


# tables in the admin


def bring_in(client, model: str, text: str):
    file = SimpleUploadedFile("表.csv", text.encode())
    return client.post(
        reverse(f"admin:directives_{model}_import"), {"import_file": file, "format": "0"}
    )


def test_an_emptied_day_changes_nothing(cast, sign_in):
    """Days are read only here: supervisors and extensions change them."""
    row = make_obligation(make_directive(), cast.body, state="assigned")
    text = f"directive,organisation,starts_on\n{row.directive_id},Q01,\n"
    answer = bring_in(sign_in(cast.admin), "obligation", text)
    said = answer.content.decode()
    assert "unsupported operand" not in said
    assert answer.status_code == 200
    stored = Obligation.objects.get()
    assert (stored.starts_on, stored.version) == (row.starts_on, row.version)


@pytest.mark.parametrize("text", BEYOND[:2])
@pytest.mark.parametrize(
    ("model", "table"),
    [
        ("obligation", "directive,organisation,leader\n{0},Q01,x\n"),
        ("directive", "id,kind\n{0},resource\n"),
        ("measure", "id,plan,text\n{0},1,x\n"),
        ("measure", "id,plan,text,number\n,{0},x,1\n"),
    ],
)
def test_an_id_that_no_row_has_is_a_fault_in_words(cast, sign_in, model, table, text):
    said = bring_in(sign_in(cast.admin), model, table.format(text)).content.decode()
    assert "too large" not in said
    assert "OverflowError" not in said
    assert text in said
