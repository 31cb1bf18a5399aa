"""Notices reach the right people, in their language, and by real mail."""

from email import message_from_bytes, policy

import pytest
from aiosmtpd.controller import Controller
from django.core.management import call_command
from django.utils import translation
from django_tasks_db.models import DBTaskResult

from directives.base.refusals import Invalid
from directives.core import notices
from directives.core.notices import KINDS, render_text
from directives.models import Notice
from directives.obligations.commands import issuing
from tests.factories import NOW, make_directive, make_document, make_member, make_plan, make_section
from tests.spare import spare_port


class Sink:
    """A mail server that keeps what it is given."""

    def __init__(self):
        self.mails = []

    async def handle_DATA(self, server, session, envelope):
        self.mails.append(
            (envelope.rcpt_tos, message_from_bytes(envelope.content, policy=policy.default))
        )
        return "250 kept"


@pytest.fixture
def sink(settings):
    keeper, port = Sink(), spare_port()
    controller = Controller(keeper, hostname="127.0.0.1", port=port)
    controller.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    settings.SITE_URL = "http://qunzhu.example"
    yield keeper
    controller.stop()


def issue(cast, body):
    directive = make_directive(
        make_section(make_document(title_hans="关于一件事的意见", title_hant="關於一件事的意見"))
    )
    made = issuing.issue(
        document=directive.document,
        directives=[directive],
        organisations=[body],
        terms=issuing.Terms(),
        by=cast.supervisor,
        now=NOW,
    )
    assert len(made) == 1


def test_issuing_tells_the_people_of_the_body_and_nobody_else(cast):
    issue(cast, cast.body)
    assert sorted(Notice.objects.values_list("user__username", "kind")) == [
        ("manager", "issued"),
        ("staff", "issued"),
    ]


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("zh-hans", "《关于一件事的意见》"),
        ("zh-hant", "《關於一件事的意見》"),
        ("en", "Please acknowledge receipt"),
    ],
)
def test_a_notice_speaks_its_readers_language(cast, language, words):
    issue(cast, cast.body)
    with translation.override(language):
        assert words in render_text(Notice.objects.filter(user=cast.staff).get())


def test_a_return_quotes_its_reason(cast):
    plan = make_plan(cast.body)
    notices.notify_decided(
        plan, "returned", count=1, reason="缺少时间节点", url="/plans/1/", now=NOW
    )
    assert all("缺少时间节点" in render_text(notice) for notice in Notice.objects.all())
    assert Notice.objects.count() == 2


def test_every_kind_can_be_worded():
    words = (
        "count",
        "document",
        "body",
        "due",
        "what",
        "reason",
        "code",
        "move",
        "directive",
        "cycle",
        "into",
        "from",
        "over",
        "withdrawn",
        "name",
        "who",
        "person",
    )
    facts = dict.fromkeys(words, "某") | {
        "due": "2026-10-15",
        "act": "issue",
        "right": "supervisor",
    }
    for kind in KINDS:
        assert "%(" not in render_text(Notice(kind=kind, facts=facts))


@pytest.mark.django_db(transaction=True)
def test_mail_goes_out_through_the_worker_once_the_change_is_made(cast, sink):
    make_member(cast.body, "staff", "mailed", email="mailed@example.org", language="zh-hant")
    issue(cast, cast.body)
    assert sink.mails == []
    call_command("worker", "--once")
    (to, mail), *more = sink.mails
    assert (to, more) == (["mailed@example.org"], [])
    text = mail.get_body().get_content()
    assert "關於一件事的意見" in text
    assert "http://qunzhu.example/" in text
    assert DBTaskResult.objects.get().status == "SUCCESSFUL"


@pytest.mark.django_db(transaction=True)
def test_what_was_rolled_back_is_not_mailed(cast, sink):
    make_member(cast.body, "staff", "mailed", email="mailed@example.org")
    with pytest.raises(Invalid):
        issuing.issue(
            document=make_document(),
            directives=[],
            organisations=[cast.body],
            terms=issuing.Terms(),
            by=cast.supervisor,
            now=NOW,
        )
    call_command("worker", "--once")
    assert sink.mails == []
