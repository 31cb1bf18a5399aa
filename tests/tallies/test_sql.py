"""The statements of the counts leave the rows that the ORM and plain Python leave."""

from collections import Counter
from datetime import timedelta
from decimal import Decimal
from random import Random

import pytest
from django.db import transaction

from directives import tallies
from directives.base import tree_lock
from directives.base.states import COLOURS
from directives.models import (
    ALWAYS,
    FigureTotal,
    Mark,
    Obligation,
    Organisation,
    OverallDay,
    Tally,
    TallyDay,
    Total,
)
from directives.models.organisations import ancestors
from directives.tallies.sql.recounts import fill
from directives.tallies.sql.upserts import (
    COLUMNS,
    VALUES,
    add_counts,
    rows_under_lock,
    upsert_returning,
    upserts,
    write,
)
from tests.factories import TODAY, make_directive, make_indicator, make_obligation, make_section

LIGHTS = (*COLOURS, "percent_sum")


def stored(model):
    """The counts of each key, without rows of zeros."""
    values = VALUES[model]
    rows = model.objects.values_list(*COLUMNS[model], *values)
    return {row[: -len(values)]: row[-len(values) :] for row in rows if any(row[-len(values) :])}


def add(model, *sums):
    """What `upserts` does, a row at a time."""
    for key in set().union(*sums):
        row, _new = model.objects.get_or_create(**dict(zip(COLUMNS[model], key, strict=True)))
        for name, counter in zip(VALUES[model], sums, strict=True):
            setattr(row, name, getattr(row, name) + counter[key])
        row.save()


def random_sums(model, cast, random):
    """Counters over a few keys, so that many are there already; some add nothing."""
    directive = make_directive(make_section())
    indicator = make_indicator(directive.document, cast.body)
    bodies = (cast.centre.pk, cast.body.pk, cast.child.pk)
    choices = {
        "scope_id": bodies,
        "organisation_id": bodies,
        "document_id": (directive.document_id,),
        "section_id": (directive.section_id,),
        "directive_id": (directive.pk,),
        "indicator_id": (indicator.pk,),
        "body_kind": ("other", "committee"),
        "state": ("underway", "closed"),
        "light": COLOURS,
        "topic": ("owes", "state"),
        "day": (ALWAYS, TODAY),
        "word": ("", "due"),
        "year": (2026,),
        "period": ("month", "year"),
        "number": (1, 2),
    }
    for _number in range(4):
        keys = [
            tuple(random.choice(choices[name]) for name in COLUMNS[model]) for _row in range(12)
        ]
        yield [
            Counter(
                {
                    key: Decimal(random.randint(-999, 999)) / 100
                    if name == "sum"
                    else random.randint(-2, 5)
                    for key in keys
                }
            )
            for name in VALUES[model]
        ]


@pytest.mark.parametrize("model", COLUMNS, ids=lambda model: model.__name__)
def test_counts_are_added_as_row_by_row(cast, model):
    steps = list(random_sums(model, cast, Random(3)))
    with transaction.atomic():
        for sums in steps:
            add(model, *sums)
        expected = stored(model)
        model.objects.all().delete()
    with transaction.atomic():
        for sums in steps:
            write(upserts(model, *sums))
    assert stored(model) == expected
    assert len(expected) > 2


def test_what_was_added_to_is_returned(cast):
    directive = make_directive(make_section())
    key = (cast.centre.pk, directive.document_id, "state", ALWAYS, "underway")
    with transaction.atomic():
        for expected in (2, 4):
            assert upsert_returning(Mark, Counter({key: 2}))[0][1] == expected


@pytest.mark.parametrize("sign", ["", "-"])
def test_the_counts_of_a_body_are_added_to_those_of_another(cast, sign):
    with transaction.atomic():
        for sums in random_sums(FigureTotal, cast, Random(4)):
            write(upserts(FigureTotal, *sums))
        expected = {key: list(values) for key, values in stored(FigureTotal).items()}
        factor = -1 if sign else 1
        for (scope, *rest), values in stored(FigureTotal).items():
            if scope == cast.body.pk:
                there = expected.setdefault((cast.centre.pk, *rest), [0, 0])
                there[:] = [old + factor * more for old, more in zip(there, values, strict=True)]
        add_counts(FigureTotal, cast.body.pk, cast.centre.pk, sign)
    assert stored(FigureTotal) == {
        key: tuple(values) for key, values in expected.items() if any(values)
    }


def test_bodies_are_read_under_the_lock_as_by_the_orm(cast):
    ids = [cast.centre.pk, cast.child.pk]
    rows = Organisation.objects.filter(pk__in=ids).values_list("id", "path", "kind", "branch")
    with transaction.atomic():
        tree_lock.share()
        assert sorted(rows_under_lock(ids)) == sorted(rows)


def test_a_recount_counts_what_python_counts(cast):
    random, section = Random(5), make_section()
    for body in (cast.body, cast.child, cast.sibling):
        for _number in range(4):
            state = random.choice(["underway", "suspended", "withdrawn"])
            make_obligation(
                make_directive(section), body, percent=random.randint(0, 9), state=state
            )
    tally, total = {}, {}
    branches = set(Organisation.objects.filter(branch=True).values_list("pk", flat=True))
    for row in Obligation.objects.live().select_related("organisation"):
        for scope in ancestors(row.organisation.path):
            keys = [(total, (scope, row.document_id, row.section_id, row.light))]
            if scope in branches:
                place = (scope, row.document_id, row.directive_id, row.organisation.kind)
                keys.append((tally, (*place, row.state, row.light)))
            for counts, key in keys:
                count, percents = counts.get(key, (0, 0))
                counts[key] = (count + 1, percents + row.percent)
    for model, expected in ((Tally, tally), (Total, total)):
        model.objects.all().delete()
        fill(model)
        assert stored(model) == expected


def test_earlier_days_are_summed_up_over_documents(cast):
    """The newest copies on or before each day, added up."""
    random, sections = Random(6), [make_section() for _number in range(3)]
    for body in (cast.centre, cast.body):
        for section in sections:
            for on in random.sample(range(12), 5):
                lights = {name: random.randint(0, 9) for name in LIGHTS}
                place = {"scope": body, "document": section.document, "section": section}
                TallyDay.objects.create(day=TODAY + timedelta(days=on), **place, **lights)
    expected, newest = {}, {}
    for row in TallyDay.objects.order_by("day"):
        newest[row.scope_id, row.section_id] = [getattr(row, name) for name in LIGHTS]
        of_body = [lights for (scope, _section), lights in newest.items() if scope == row.scope_id]
        expected[row.scope_id, row.day] = tuple(map(sum, zip(*of_body, strict=True)))
    OverallDay.objects.all().delete()
    tallies.add_up_days()
    rows = OverallDay.objects.values_list("scope_id", "day", *LIGHTS)
    assert {row[:2]: row[2:] for row in rows} == expected
    assert len(expected) > 10
