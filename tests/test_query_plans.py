"""The reader of plans sees what it is there to see."""

from django.db.models import Q

from directives.models import Organisation
from tests.factories import make_body
from tests.query_plans import analyze, plan_of, plans, scanned


def fill(count: int = 1500) -> None:
    top = make_body("C000")
    bodies = (
        Organisation(code=f"P{n:05}", name_hans=f"单位{n}", parent=top, path=f"{top.path}{n:06}")
        for n in range(count)
    )
    Organisation.objects.bulk_create(bodies)
    analyze()


def test_a_table_that_is_read_from_end_to_end_is_named(db):
    fill()
    assert plan_of(Organisation.objects.filter(full_name="无")).scanned == {
        "directives_organisation"
    }
    assert plan_of(Organisation.objects.filter(code="P00007").order_by()).scanned == set()


def test_a_sort_of_everything_is_told_from_the_order_of_an_index(db):
    fill()
    rows = Organisation.objects.filter(~Q(pk=0))
    assert plan_of(rows.order_by("name_hant")[:10]).sorts
    assert not plan_of(rows.order_by("path")[:10]).sorts


def test_every_query_inside_is_looked_at(db):
    fill()
    with plans() as found:
        Organisation.objects.get(code="P00007")
        Organisation.objects.filter(full_name="100%").first()
    assert [bool(plan.scanned) for plan in found] == [False, True]
    assert len(scanned(found, Organisation)) == 1
