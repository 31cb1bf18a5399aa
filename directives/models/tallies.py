"""Stored counts, so that the cost of a dashboard does not grow with the number of obligations."""

from datetime import date

from django.db import models

from directives.base.states import LIGHTS, OBLIGATION_STATES
from directives.models.documents import Directive, Document, Section
from directives.models.organisations import KINDS, Organisation

ALWAYS = date(1, 1, 1)  # the day of a mark that has none


def _of(model: type) -> models.ForeignKey:
    """A foreign key without an index, because the unique index of the table can be used."""
    return models.ForeignKey(model, models.CASCADE, related_name="+", db_index=False)


class Tally(models.Model):
    """Counted obligations of a subtree for one directive, by kind of body, state and light.

    Only bodies with children have them.
    """

    scope = _of(Organisation)
    document = _of(Document)
    directive = _of(Directive)
    body_kind = models.CharField(max_length=24, choices=KINDS)
    state = models.CharField(max_length=12, choices=OBLIGATION_STATES)
    light = models.CharField(max_length=8, choices=LIGHTS)
    count = models.IntegerField(default=0)
    # Sum of the percents of the counted obligations
    percent_sum = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["scope", "document", "directive", "body_kind", "state", "light"],
                name="one_tally_a_kind",
            )
        ]


class Total(models.Model):
    """Counted obligations of a subtree for one section, by light.

    Every body has them, so that a ranking reads few rows.
    """

    scope = _of(Organisation)
    document = _of(Document)
    section = _of(Section)
    light = models.CharField(max_length=8, choices=LIGHTS)
    count = models.IntegerField(default=0)
    percent_sum = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["scope", "document", "section", "light"], name="one_total_a_section"
            )
        ]


class DocumentTotal(models.Model):
    """Counted obligations of a subtree under one document. Every body has them.

    The dashboard of all documents reads one row of these instead of some thirty of Total.
    """

    scope = _of(Organisation)
    document = _of(Document)
    green = models.IntegerField(default=0)
    yellow = models.IntegerField(default=0)
    red = models.IntegerField(default=0)
    closed = models.IntegerField(default=0)
    undue = models.IntegerField(default=0)
    percent_sum = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["scope", "document"], name="one_total_a_document")
        ]


class Mark(models.Model):
    """Whatever else a dashboard shows of a subtree, counted by topic, word and day.

    Only bodies with children have them.

    topic: what is counted, and by which word; the day is ALWAYS if none is mentioned
    reason: counted obligations by the code of their light's reason
    state: counted obligations by state
    plan: counted obligations that owe a plan, filed or not
    undated: counted open obligations without a day of completion
    broken: live obligations that are broken down, and so counted nowhere else, by state
    owes: counted open obligations whose clock (a key of CLOCKS) runs, by the day it runs out
    item: counted obligations with an item of their directive, by the item (its id) and its state,
    as 7:established
    filed: live plans that were handed in at least once, by state
    cycle: reports of a cycle (its id): 7:open, 7:in (in part at least), 7:whole (accepted)
    report: report entries of a cycle (its id), by the day they were handed in; ALWAYS: not in
    act: what happened (a key of tallies.ACTS), by day in Asia/Shanghai; deleted after some days
    bodies: bodies with any counted obligation
    """

    scope = _of(Organisation)
    document = _of(Document)
    topic = models.CharField(max_length=8)
    word = models.CharField(max_length=24, blank=True)
    day = models.DateField(default=ALWAYS)
    count = models.IntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["scope", "document", "topic", "day", "word"], name="one_mark"
            )
        ]


class OverallMark(models.Model):
    """The marks of a subtree over all documents, for topics not in `delta.OF_ONE_DOCUMENT`."""

    scope = _of(Organisation)
    topic = models.CharField(max_length=8)
    word = models.CharField(max_length=24, blank=True)
    day = models.DateField(default=ALWAYS)
    count = models.IntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["scope", "topic", "day", "word"], name="one_overall_mark"
            )
        ]


class Owing(models.Model):
    """How many counted obligations a body has under a document; without any there may be no row."""

    organisation = _of(Organisation)
    document = _of(Document)
    count = models.IntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organisation", "document"], name="one_owing")
        ]


class TallyDay(models.Model):
    """The totals of a subtree at the end of a day, stored only if they changed.

    The totals of any day are those of the newest copy on or before it.
    """

    day = models.DateField()
    scope = _of(Organisation)
    document = _of(Document)
    section = _of(Section)
    green = models.IntegerField(default=0)
    yellow = models.IntegerField(default=0)
    red = models.IntegerField(default=0)
    closed = models.IntegerField(default=0)
    undue = models.IntegerField(default=0)
    percent_sum = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["scope", "document", "section", "day"], name="one_copy_a_day"
            )
        ]
        indexes = [models.Index(fields=["document", "day"], name="copies_by_day")]


class OverallDay(models.Model):
    """The totals of a subtree over all documents at the end of a day, stored only if changed."""

    day = models.DateField()
    scope = _of(Organisation)
    green = models.IntegerField(default=0)
    yellow = models.IntegerField(default=0)
    red = models.IntegerField(default=0)
    closed = models.IntegerField(default=0)
    undue = models.IntegerField(default=0)
    percent_sum = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["scope", "day"], name="one_overall_copy_a_day")
        ]
