"""The pages of an intake, from the file to the result, and back."""

from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from openpyxl import load_workbook

from directives.models import Intake, Organisation
from directives.models.intakes import APPLIED, CHECKED, DISCARDED, UNDONE, UPLOADED
from tests.intakes.test_applying import conflict
from tests.intakes.test_checking import TABLE


@pytest.fixture
def post(sign_in, key, django_capture_on_commit_callbacks):
    """Send a form of an intake's page, as the page holds it."""

    def send(user, name, intake=None, **fields):
        args = [intake.pk] if intake else [fields.pop("kind", "bodies")]
        version = {"version": intake.version} if intake else {}
        with django_capture_on_commit_callbacks(execute=True):
            answer = sign_in(user).post(reverse(name, args=args), key() | version | fields)
        if intake:
            intake.refresh_from_db()
        return answer

    return send


def text(answer):
    return answer.content.decode()


def test_from_the_file_to_the_result_and_back(cast, sign_in, post):
    client = sign_in(cast.admin)
    assert "单位" in text(client.get(reverse("intakes")))
    assert client.get(reverse("intake_new", args=["bodies"])).status_code == 200
    answer = post(cast.admin, "intake_upload", file=SimpleUploadedFile("单位.csv", TABLE.encode()))
    intake = Intake.objects.get()
    assert (answer.status_code, answer.url, intake.state) == (
        302,
        f"/intakes/{intake.pk}/",
        CHECKED,
    )
    shown = text(client.get(answer.url))
    assert "共 <b>3</b> 行：新增 1、变更 1、相同 1、冲突 0、有误 0" in shown
    assert "<s>共青团中央</s> → <b>共青团中央委员会</b>" in " ".join(shown.split())
    post(cast.admin, "intake_apply", intake)
    assert (intake.state, Organisation.objects.filter(code="Q09").count()) == (APPLIED, 1)
    assert "已导入" in text(client.get(answer.url))
    post(cast.admin, "intake_undo", intake)
    assert (intake.state, Organisation.objects.filter(code="Q09").count()) == (UNDONE, 0)
    assert client.get(answer.url).status_code == 200


def test_columns_are_confirmed_with_samples_beside_them(cast, sign_in, post, bring):
    intake = bring(cast.admin, "编码,叫什么,星座\nQ09,甲,天秤\n")
    shown = text(sign_in(cast.admin).get(f"/intakes/{intake.pk}/"))
    assert ("天秤" in shown, 'name="field-B"' in shown, "叫什么" in shown) == (True, True, True)
    answer = post(cast.admin, "intake_match", intake, **{"field-A": "code", "field-B": ""})
    assert (answer.status_code, intake.state) == (422, UPLOADED)
    assert "名称" in text(answer)
    post(cast.admin, "intake_match", intake, **{"field-A": "code", "field-B": "name_hans"})
    assert (intake.state, intake.counts) == (CHECKED, {"new": 1})
    assert text(sign_in(cast.admin).get(f"/intakes/{intake.pk}/columns/")).count("selected") == 2


def test_wrong_rows_come_first_with_what_to_do_and_as_a_list(cast, sign_in, bring):
    intake = bring(cast.admin, "编码,名称,成立日期\nQ09,甲,2025年2月30日\nQ10,乙,\n")
    client = sign_in(cast.admin)
    shown = text(client.get(f"/intakes/{intake.pk}/"))
    assert (
        "2025年2月没有30日" in shown,
        "Q10" in shown.split('id="rows"')[1],
        "intake_apply" in shown,
    ) == (True, False, False)
    assert "Q10" in text(client.get(f"/intakes/{intake.pk}/?verdict=all"))
    answer = client.get(f"/intakes/{intake.pk}/faults/")
    book = load_workbook(BytesIO(b"".join(answer.streaming_content)))
    cells = [cell.value for row in book.worksheets[-1].iter_rows() for cell in row]
    assert {"C", "成立日期", "2025年2月30日"} <= set(cells)


def test_a_conflict_is_chosen_on_the_page(cast, sign_in, post, bring):
    intake = conflict(cast, bring)
    shown = text(sign_in(cast.admin).get(f"/intakes/{intake.pk}/"))
    assert ("保留现有内容" in shown, "采用表格内容" in shown) == (True, True)
    post(cast.admin, "intake_choose", intake, choice="mine", number="1")
    post(cast.admin, "intake_apply", intake)
    assert intake.state == APPLIED


def test_a_file_that_cannot_be_read_keeps_what_was_chosen(cast, sign_in, bring):
    intake = bring(cast.admin, b"MZ\x90\x00", name="表.xlsx", document=7)
    shown = text(sign_in(cast.admin).get(f"/intakes/{intake.pk}/"))
    assert (intake.fault[:10] in shown, "document=7" in shown) == (True, True)


def test_a_file_that_is_not_taken_is_refused_on_the_spot(cast, post, settings):
    settings.INTAKE_LIMIT = 10
    answers = [
        post(cast.admin, "intake_upload", file=SimpleUploadedFile("a.csv", data))
        for data in (b"", b"x" * 11)
    ]
    assert [answer.status_code for answer in answers] == [422, 422]
    assert post(cast.admin, "intake_upload").status_code == 422
    assert Intake.objects.count() == 0


def test_only_who_may_and_only_their_own(cast, sign_in, post, bring):
    intake = bring(cast.admin, TABLE)
    assert sign_in(cast.staff).get(f"/intakes/{intake.pk}/").status_code == 404
    assert post(cast.staff, "intake_apply", intake).status_code == 404
    assert sign_in(cast.staff).get(reverse("intake_new", args=["bodies"])).status_code == 403
    assert (
        post(cast.staff, "intake_upload", file=SimpleUploadedFile("a.csv", b"x")).status_code == 403
    )
    assert sign_in(cast.admin).get(reverse("intake_new", args=["nothing"])).status_code == 404


def test_who_looks_at_an_older_state_changes_nothing(cast, sign_in, post, bring, key):
    intake = bring(cast.admin, TABLE)
    answer = sign_in(cast.admin).post(f"/intakes/{intake.pk}/apply/", key() | {"version": "1"})
    assert (answer.status_code, Organisation.objects.filter(code="Q09").exists()) == (409, False)


def test_giving_it_up(cast, sign_in, post, bring):
    intake = bring(cast.admin, TABLE)
    assert post(cast.admin, "intake_discard", intake).url == "/intakes/"
    assert intake.state == DISCARDED
    assert sign_in(cast.admin).get(f"/intakes/{intake.pk}/").status_code == 200


def test_a_busy_intake_asks_again_by_itself(cast, sign_in, bring):
    intake = bring(cast.admin, TABLE)
    Intake.objects.filter(pk=intake.pk).update(state="checking", total=3, done=1)
    client = sign_in(cast.admin)
    assert 'hx-trigger="every 2s"' in text(client.get(f"/intakes/{intake.pk}/"))
    part = text(client.get(f"/intakes/{intake.pk}/", headers={"HX-Request": "true"}))
    assert ("<!DOCTYPE" in part, 'id="intake"' in part) == (False, True)


@pytest.mark.parametrize("language", ["zh-hans", "zh-hant", "en"])
def test_every_language_shows_every_page(cast, sign_in, bring, language):
    intake = bring(cast.admin, TABLE)
    client = sign_in(cast.admin, language)
    for address in (
        "/intakes/",
        "/intakes/new/bodies/",
        f"/intakes/{intake.pk}/",
        f"/intakes/{intake.pk}/columns/",
    ):
        assert client.get(address).status_code == 200


def test_rows_cost_no_more_queries_however_many(cast, sign_in, bring, django_assert_num_queries):
    client = sign_in(cast.admin)
    client.get("/intakes/")
    counts = []
    for size in (1, 3):
        intake = bring(
            cast.admin,
            "编码,名称\n" + "".join(f"Y{number},单位{number}\n" for number in range(size)),
        )
        with django_assert_num_queries(13, exact=False) as found:
            client.get(f"/intakes/{intake.pk}/")
        counts.append(len(found))
    assert counts[0] == counts[1]


def test_rows_that_do_something_come_before_those_that_are_the_same(cast, sign_in, bring, apply):
    intake = bring(cast.admin, TABLE)
    client = sign_in(cast.admin)
    for _state in ("checked", "applied"):
        rows = text(client.get(f"/intakes/{intake.pk}/")).split('id="rows"')[1]
        assert ("Q09" in rows, "Q01 " in rows, "除相同行外 <b>2</b>" in rows) == (True, False, True)
        apply(intake) if intake.state == CHECKED else None
    assert "Q01 " in text(client.get(f"/intakes/{intake.pk}/?verdict=all")).split('id="rows"')[1]


@pytest.mark.parametrize(("state", "rows"), [("checking", 3), ("applying", 2), ("undoing", 2)])
def test_progress_is_of_the_rows_in_hand(cast, sign_in, bring, apply, state, rows):
    """Of three rows two are written: a bar of all three would never come to its end."""
    intake = bring(cast.admin, TABLE)
    if state == "undoing":
        apply(intake)
    Intake.objects.filter(pk=intake.pk).update(state=state, done=1)
    assert f"已处理 <b>1</b> 行，共 {rows} 行" in text(
        sign_in(cast.admin).get(f"/intakes/{intake.pk}/")
    )


def test_a_choice_is_told_plainly_and_can_be_made_anew(cast, sign_in, post, bring):
    intake, client = conflict(cast, bring), sign_in(cast.admin)
    assert "只需选择系统和表格" in text(client.get(f"/intakes/{intake.pk}/"))
    post(cast.admin, "intake_choose", intake, choice="theirs", number="1")
    shown = text(client.get(f"/intakes/{intake.pk}/"))
    assert ("保留现有内容 1 行。" in shown, "后者中有 1 行" in shown, "intake_apply" in shown) == (
        True,
        True,
        False,
    )
    post(cast.admin, "intake_choose", intake, choice="again")
    assert "待选择的行：1 行" in text(client.get(f"/intakes/{intake.pk}/"))
