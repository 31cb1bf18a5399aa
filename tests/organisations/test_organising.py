"""A table of bodies goes in whole or not at all, and every fault is named at once."""

import pytest

from directives import tallies
from directives.documents.ingest.sources import DocumentError
from directives.made_up.sample import BODIES
from directives.models import Event, Organisation
from directives.organisations.commands import (
    BodyRow,
    LoadResult,
    RegisterFaults,
    load_register,
    read_table,
    refresh_paths,
)
from tests.factories import NOW, make_body, make_obligation

HEADER = "code,name_hans,parent,valid_from,valid_to,successor\n"


def rows(text: str) -> list[BodyRow]:
    return read_table((HEADER + text).encode(), name="bodies.csv")


def test_a_tree_is_loaded_whatever_the_order(db):
    assert load_register(
        rows("P66,新疆兵团党委,P65,,,\nP65,新疆区委,C0,,,\nC0,中共中央,,,,\n"), by=None, now=NOW
    ) == LoadResult(new=3, changed=0, unchanged=0)
    paths = {body.code: body.path for body in Organisation.objects.all()}
    assert paths["P66"].startswith(paths["P65"]) and paths["P65"].startswith(paths["C0"])
    assert sorted(Organisation.objects.filter(branch=True).values_list("code", flat=True)) == [
        "C0",
        "P65",
    ]
    assert Organisation.objects.get(code="P66").name_hant == "新疆兵團黨委"


def test_loading_again_changes_only_what_differs(db):
    load_register(rows("A,甲,,,,\nB,乙,A,,,\n"), by=None, now=NOW)
    assert load_register(rows("A,甲,,,,\nB,乙乙,A,,,\n"), by=None, now=NOW) == LoadResult(
        new=0, changed=1, unchanged=1
    )
    event = Event.objects.first()
    assert (event.action, event.before, event.after) == (
        "change",
        {"name_hans": "乙", "name_hant": "乙"},
        {"name_hans": "乙乙", "name_hant": "乙乙"},
    )


def test_every_fault_is_listed_with_its_row_and_nothing_is_stored(db):
    bad = (
        "A,甲,B,,,\n"
        "B,乙,A,,,\n"
        "C,丙,X9,,,\n"
        "D,丁,,2018-13-01,,\n"
        "D,丁二,,,,\n"
        ",无码,,,,\n"
        "E,戊,,2018-03-17,2018-03-17,Z\n"
        "F,己,F,,,\n"
    )
    with pytest.raises(RegisterFaults) as refused:
        load_register(rows(bad), by=None, now=NOW)
    assert [(fault.line, fault.column, fault.value) for fault in refused.value.faults] == [
        (2, "parent", "B"),
        (3, "parent", "A"),
        (4, "parent", "X9"),
        (5, "code", "D"),
        (5, "valid_from", "2018-13-01"),
        (6, "code", "D"),
        (7, "code", ""),
        (8, "successor", "Z"),
        (8, "valid_to", "2018-03-17"),
        (9, "parent", "F"),
    ]
    assert (Organisation.objects.count(), Event.objects.count()) == (0, 0)


def test_a_cycle_through_the_register_is_found(db):
    top = make_body("T")
    make_body("M", parent=top)
    with pytest.raises(RegisterFaults) as refused:
        load_register(rows("T,顶,M,,,\n"), by=None, now=NOW)
    assert "T → M → T" in str(refused.value)
    assert Organisation.objects.get(code="T").parent is None


def test_a_missing_column_is_named(db):
    with pytest.raises(RegisterFaults) as refused:
        read_table("code,title\nA,甲\n".encode(), name="x.csv")
    assert [(fault.line, fault.column) for fault in refused.value.faults] == [
        (1, "name_hans"),
        (1, "title"),
    ]


def test_the_register_that_ships_is_loaded_whole(db):
    table = read_table(BODIES.read_bytes(), name=BODIES.name)
    assert load_register(table, by=None, now=NOW) == LoadResult(new=116, changed=0, unchanged=0)
    assert Organisation.objects.get(code="Q01").full_name == "中华全国总工会"
    assert Organisation.objects.get(code="M15").successor.code == "M26"


def test_gb18030_is_read_and_noise_refused(db):
    table = HEADER + "A,中华全国总工会党组织和群众工作部门,,,,\n"
    assert (
        read_table(table.encode("gb18030"), name="x.csv")[0].name_hans
        == "中华全国总工会党组织和群众工作部门"
    )
    with pytest.raises(DocumentError):
        read_table(b"\x00\x01\x02", name="x.csv")


def test_an_empty_table_is_refused(db):
    with pytest.raises(RegisterFaults):
        load_register([], by=None, now=NOW)


def test_a_body_moved_to_another_parent_takes_its_tallies_along(cast):
    make_obligation(organisation=cast.child)
    load_register(rows("Q01A,北京市总工会,Q02,,,\n"), by=None, now=NOW)
    moved = Organisation.objects.get(code="Q01A")
    assert moved.path.startswith(cast.sibling.path)
    assert not Organisation.objects.get(code="Q01").branch
    assert Organisation.objects.get(code="Q02").branch
    assert tallies.drift() == []
    assert refresh_paths() == 0
