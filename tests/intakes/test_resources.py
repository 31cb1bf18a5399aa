"""The admin's import-export: the kinds' checks, the limited reader, safe writers, two formats."""

import io
from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from openpyxl import Workbook
from tablib import Dataset

from directives.admin import ObligationAdmin, OrganisationAdmin
from directives.base.refusals import Refusal
from directives.intakes.resources import ObligationResource
from directives.models import Obligation, Organisation
from directives.tables.admin_formats import FORMATS, CsvTable, XlsxTable
from directives.tables.reader import Unreadable
from tests.factories import make_directive, make_obligation

HARD = ["=1+1", "'单位", "+86", "第一行\n第二行", "001", ""]


@pytest.fixture
def admin_client(cast, sign_in):
    return sign_in(cast.admin)


def upload(admin_client, model, data, *, number, name):
    return admin_client.post(
        reverse(f"admin:directives_{model}_import"),
        {"import_file": SimpleUploadedFile(name, data), "format": str(number)},
    )


def workbook(*rows):
    book = Workbook()
    for row in rows:
        book.active.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def test_two_formats_and_no_other():
    assert (tuple(OrganisationAdmin.import_formats), tuple(ObligationAdmin.export_formats)) == (
        FORMATS,
        FORMATS,
    )
    assert [one().get_extension() for one in FORMATS] == ["csv", "xlsx"]


@pytest.mark.parametrize("made", FORMATS)
def test_what_goes_out_comes_back(made):
    names = [f"栏{number}" for number in range(len(HARD))]
    data = made().export_data(Dataset(HARD, headers=names))
    back = made().create_dataset(data)
    assert (back.headers, [list(row) for row in back]) == (names, [HARD])


def test_a_file_is_read_in_the_limited_process_and_refused_in_words(admin_client):
    with pytest.raises(Unreadable):
        XlsxTable().create_dataset(b"MZ\x90\x00")
    with pytest.raises(Refusal, match="code"):
        XlsxTable().create_dataset(workbook(["code", "name_hans"], ["=1+1", "甲"]))
    with pytest.raises(Refusal):
        CsvTable().create_dataset("code,name_hans\nX1,甲,多\n".encode())
    shown = upload(admin_client, "organisation", b"MZ\x90\x00", number=1, name="table.xlsx")
    assert shown.status_code == 200
    assert shown.context["form"].errors["import_file"]


def test_a_workbook_of_bodies_is_taken_with_its_days_and_codes(admin_client, cast):
    table = workbook(
        ["code", "name_hans", "parent", "valid_from"], [7, "甲", "C000", "2025年3月1日"]
    )
    shown = upload(admin_client, "organisation", table, number=1, name="table.xlsx")
    assert not shown.context["result"].has_validation_errors()
    data = {
        name: shown.context["confirm_form"].initial[name]
        for name in ("import_file_name", "original_file_name", "format")
    }
    admin_client.post(
        reverse("admin:directives_organisation_process_import"), data | {"resource": ""}
    )
    body = Organisation.objects.get(code="7")
    assert (body.parent, body.valid_from) == (cast.centre, date(2025, 3, 1))


def test_terms_are_held_to_the_checks_of_the_ledger(cast):
    row = make_obligation(make_directive(), cast.body)
    table = Dataset(
        (row.directive_id, "Q01", "2026-01-01", "lead"),
        (row.directive_id, "QQ", "", "lead"),
        (row.directive_id, "Q02", "", "leader"),
        headers=["directive", "organisation", "due_on", "part"],
    )
    result = ObligationResource().import_data(table, user=cast.admin)
    text = str(result.base_errors[0].error)
    assert all(word in text for word in ("due_on", "QQ", "leader"))
    assert (Obligation.objects.count(), str(Obligation.objects.get().due_on)) == (1, "2026-12-31")
