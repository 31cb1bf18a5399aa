"""Counts kept as work moves, so that reading a dashboard does not grow with the work."""

from django.db import models

from directives.models.documents import Directive, Document, Section
from directives.models.organisations import Organisation
from directives.states import LIGHTS, OBLIGATION_STATES


class Tally(models.Model):
    """Live obligations of a subtree for one directive, by state and light. Kept for bodies that have children."""

    scope = models.ForeignKey(Organisation, models.CASCADE, related_name="+")
    document = models.ForeignKey(Document, models.CASCADE, related_name="+")
    directive = models.ForeignKey(Directive, models.CASCADE, related_name="+")
    state = models.CharField(max_length=12, choices=OBLIGATION_STATES)
    light = models.CharField(max_length=8, choices=LIGHTS)
    count = models.IntegerField(default=0)
    percent_sum = models.IntegerField(default=0)  # percentage points over the counted obligations

    class Meta:
        constraints = [models.UniqueConstraint(fields=["scope", "directive", "state", "light"], name="one_tally")]
        indexes = [models.Index(fields=["scope", "document"], name="tally_of_scope")]


class Total(models.Model):
    """Live obligations of a subtree for one section, by light. Kept for every body, so that a ranking reads few rows."""

    scope = models.ForeignKey(Organisation, models.CASCADE, related_name="+")
    document = models.ForeignKey(Document, models.CASCADE, related_name="+")
    section = models.ForeignKey(Section, models.CASCADE, related_name="+")
    light = models.CharField(max_length=8, choices=LIGHTS)
    count = models.IntegerField(default=0)
    percent_sum = models.IntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["scope", "section", "light"], name="one_total")]
        indexes = [models.Index(fields=["scope", "document"], name="total_of_scope")]
