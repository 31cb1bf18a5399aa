"""A city's plan from the file to what each office owes: as the document says, in few clicks."""

import json
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from directives import tallies
from directives.documents.commands.registering import register_document
from directives.documents.ingest.reading import read
from directives.models import BodyAlias, Membership, Obligation, Organisation, User
from tests.browser.conftest import NARROW, Desk
from tests.factories import make_body

PLAN = Path(__file__).parents[1] / "documents/readings/city_twelve_tasks.docx"
CITY = "岚山湾市"
BUREAUS = [
    "民政局",
    "住房和城乡建设局",
    "财政局",
    "交通运输局",
    "公安局",
    "卫生健康委员会",
    "医疗保障局",
    "大数据局",
    "市场监督管理局",
    "工业和信息化局",
    "教育局",
    "文化和旅游局",
    "司法局",
    "金融监督管理局",
    "人力资源和社会保障局",
    "统计局",
    "城市管理局",
]
OF_PARTY = ("市委老干部局", "party_department"), ("市残疾人联合会", "mass_organisation")
DISTRICTS = "海棠区", "云帆区"


@pytest.fixture
def city(transactional_db: None) -> User:
    """The register of a city, and the supervisor of its government."""
    council = make_body("G", name_hans=f"{CITY}人民政府", kind="government", level="municipal")
    for number, name in enumerate(BUREAUS):
        fields = {"kind": "department", "level": "municipal"}
        make_body(f"B{number:02}", parent=council, name_hans=CITY + name, name_hant="", **fields)
    for number, (name, kind) in enumerate(OF_PARTY):
        full = CITY + name.removeprefix("市") if kind == "mass_organisation" else CITY[:-1] + name
        make_body(
            f"P{number}", parent=council, name_hans=full, name_hant="", kind=kind, level="municipal"
        )
    for number, name in enumerate(DISTRICTS):
        fields = {"kind": "government", "level": "county"}
        make_body(f"D{number}", parent=council, name_hans=f"{name}人民政府", name_hant="", **fields)
    supervisor = User.objects.create_user("duban", full_name="周启明")
    council = Organisation.objects.get(pk=council.pk)
    Membership.objects.create(user=supervisor, organisation=council, role="supervisor")
    return supervisor


MEANT = {  # names of the plan that are not the short form of a name in the register
    "市医保局": ["市医疗保障局"],
    "市卫生健康委": ["市卫生健康委员会"],
    "市住房城乡建设局": ["市住房和城乡建设局"],
    "市市场监管局": ["市市场监督管理局"],
    "市金融监管局": ["市金融监督管理局"],
    "市人力资源社会保障局": ["市人力资源和社会保障局"],
    "市残联": ["市残疾人联合会"],
    "各区人民政府": [f"{name}人民政府" for name in DISTRICTS],
    "市直有关部门": [*(f"市{name}" for name in BUREAUS), "市委老干部局"],
}


TARGET = "方案·一.2.1"  # names nobody; the supervisor adds a bureau


def expected() -> list[tuple[str, str, str, date | None]]:
    """What the plan says: code, body, part and day, from the reading that people wrote."""
    reading = json.loads(PLAN.with_suffix(".expected.json").read_text())
    rows: dict[tuple[str, str], tuple[str, date | None]] = {}
    for directive in reading["directives"]:
        on = directive["due"] and directive["due"]["on"]
        due = date.fromisoformat(on) if on else None
        if directive["code"] == TARGET:
            rows[TARGET, f"{CITY}民政局"] = "responsible", due
        for who in directive["who"]:
            for name in MEANT.get(who["name"], [who["name"]]):
                full = CITY[:-1] + name if name.startswith("市") else name
                rows.setdefault((directive["code"], full), (who["role"], due))
    return sorted(((*key, *terms) for key, terms in rows.items()), key=str)


def test_a_citys_plan_is_assigned_as_it_says(city: User, desk: Callable[..., Desk]) -> None:
    person = desk()
    person.be(city)
    page = person.page
    person.go("/documents/new/")
    page.set_input_files("[name=file]", PLAN)
    person.press("读取")
    person.press("登记")
    page.wait_for_url(re.compile(r"/documents/\d+/desk/"))
    person.follow("按文件交办")
    # Nobody has read it yet, and the supervisor says that it may go all the same.
    page.locator("[name=unread]").check()
    unknown = page.get_by_label("市医保局", exact=True)
    unknown.fill(f"{CITY}医疗保障局")
    page.get_by_label("记住 市医保局").check()
    page.get_by_label(f"单位 {TARGET}", exact=True).fill(f"{CITY}民政局")
    person.press("下一步：预览")
    expect(page.locator("p.headline")).to_be_visible()
    assert Obligation.objects.count() == 0
    rows = expected()
    person.press(f"确认交办 {len(rows)} 项")
    expect(page.locator("table.ledger tbody tr").first).to_be_visible()

    made = Obligation.objects.values_list(
        "directive__code", "organisation__name_hans", "part", "due_on"
    )
    assert sorted(made, key=str) == rows
    assert person.clicks() <= 14
    alias = BodyAlias.objects.get()
    assert (alias.name, alias.bodies.get().name_hans) == ("市医保局", f"{CITY}医疗保障局")
    assert tallies.drift() == []


@pytest.mark.once  # a layout
@pytest.mark.parametrize("language", ["zh-hans", "zh-hant", "en"])
def test_the_page_fits_a_phone(city: User, desk: Callable[..., Desk], language: str) -> None:
    document = register_document(
        reading=read(PLAN.read_bytes(), name=PLAN.name),
        source=PLAN.read_bytes(),
        source_name=PLAN.name,
        by=city,
        now=timezone.now(),
    )
    person = desk(NARROW, language)
    person.be(city)
    page = person.page
    for name in ("", "preview/"):
        person.go(f"/documents/{document.pk}/issue/as-said/{name}")
        assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
        if not name:
            page.locator("[name=unread]").check()
            page.locator("button[form=issue]").click()
            page.wait_for_url("**/preview/")
