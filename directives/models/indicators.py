"""Statistics (统计): indicators, the figures that bodies report, and their sums up the tree."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from directives.models.documents import Document
from directives.models.organisations import Organisation
from directives.models.people import User
from directives.models.reports import PERIODS
from directives.models.scope import ScopedQuerySet, any_of, in_overseen

SUM, MEAN, EACH = "sum", "mean", "each"
AGGREGATIONS = (
    (SUM, pgettext_lazy("aggregation", "Sum")),
    (MEAN, pgettext_lazy("aggregation", "Mean")),
    (EACH, pgettext_lazy("aggregation", "Not combined")),
)


class IndicatorQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> "IndicatorQuerySet":
        """Indicators of visible documents that the person's own or overseen bodies report."""
        rows = self.filter(document__in=Document.objects.visible_to(user))
        if user.is_staff:
            return rows
        ancestor_ids = {pk for m in user.held_memberships for pk in m.organisation.ancestor_ids}
        defined_above = Q(organisation__in=sorted(ancestor_ids))
        return rows.filter(any_of((defined_above, in_overseen(user, "organisation__path"))))

    def active(self) -> "IndicatorQuerySet":
        """Indicators that are still reported."""
        return self.filter(ended_at=None)


class Indicator(models.Model):
    """Something that bodies count and report each period (指标).

    It is reported by bodies in the subtree of `organisation` with obligations under the document.
    """

    document = models.ForeignKey(Document, models.PROTECT, related_name="indicators")
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="indicators")
    # Identifies the indicator in imported tables; never changes
    code = models.CharField(pgettext_lazy("indicator", "code"), max_length=20)
    name_hans = models.CharField(_("name"), max_length=100)
    name_hant = models.CharField(_("name (Traditional)"), max_length=100, blank=True)
    unit = models.CharField(_("unit"), max_length=20, blank=True)
    meaning = models.TextField(_("definition"), blank=True)
    aggregation = models.CharField(_("added up"), max_length=8, choices=AGGREGATIONS, default=SUM)
    cadence = models.CharField(_("frequency"), max_length=8, choices=PERIODS, default="year")
    places = models.PositiveSmallIntegerField(_("decimal places"), default=0)
    order = models.PositiveSmallIntegerField(default=0)
    # No longer reported since then; its figures are kept
    ended_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = IndicatorQuerySet.as_manager()

    class Meta:
        verbose_name = _("indicator")
        verbose_name_plural = _("indicators")
        ordering = ["document", "order", "id"]
        constraints = [
            models.UniqueConstraint(fields=["document", "code"], name="one_indicator_per_code"),
            models.CheckConstraint(condition=Q(places__lte=4), name="at_most_four_places"),
        ]

    def __str__(self) -> str:
        return self.name_hans

    @property
    def in_percent(self) -> bool:
        """Whether it is a percentage, whose changes are percentage points."""
        return self.unit.strip() in ("%", "％")


class FigureQuerySet(ScopedQuerySet):
    pass


class Figure(models.Model):
    """The value of an indicator that one body reported for one period (统计数据)."""

    indicator = models.ForeignKey(Indicator, models.PROTECT, related_name="figures")
    organisation = models.ForeignKey(
        Organisation, models.PROTECT, related_name="figures", db_index=False
    )
    year = models.PositiveSmallIntegerField(_("year"))
    period = models.CharField(_("period"), max_length=8, choices=PERIODS)
    number = models.PositiveSmallIntegerField(_("number"), default=1)  # which quarter, which half
    value = models.DecimalField(_("value"), max_digits=20, decimal_places=4)
    note = models.CharField(_("note"), max_length=200, blank=True)
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = FigureQuerySet.as_manager()

    class Meta:
        verbose_name = _("figure")
        verbose_name_plural = _("figures")
        constraints = [
            models.UniqueConstraint(
                fields=["indicator", "year", "period", "number", "organisation"],
                name="one_figure_per_period",
            )
        ]
        indexes = [models.Index(fields=["organisation", "indicator"], name="figure_of_body")]

    def __str__(self) -> str:
        return f"{self.organisation} · {self.indicator} · {self.year}"

    @property
    def document_id(self) -> int:
        """The document of the indicator; select_related("indicator") avoids a query."""
        return self.indicator.document_id


class FigureTotal(models.Model):
    """The sum and the number of the figures of a subtree, updated when figures are saved."""

    scope = models.ForeignKey(Organisation, models.CASCADE, related_name="+", db_index=False)
    indicator = models.ForeignKey(Indicator, models.CASCADE, related_name="+", db_index=False)
    year = models.PositiveSmallIntegerField()
    period = models.CharField(max_length=8, choices=PERIODS)
    number = models.PositiveSmallIntegerField(default=1)
    count = models.IntegerField(default=0)  # bodies that reported
    sum = models.DecimalField(max_digits=24, decimal_places=4, default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["scope", "indicator", "year", "period", "number"],
                name="one_total_per_scope_and_period",
            )
        ]

    def __str__(self) -> str:
        return f"{self.scope} · {self.indicator} · {self.year}"
