"""Obligations: what each organisation owes under each directive."""

from datetime import date

from django.db import models
from django.db.models import Exists, F, OuterRef, Q, Value
from django.db.models.functions import Coalesce, Concat
from django.utils.translation import gettext_lazy as _

from directives.base.clocks import Reason
from directives.base.states import (
    ASSIGNED,
    CLOSING,
    DELIVERABLES,
    DISPUTED,
    ESTABLISHED,
    ITEM_STATES,
    LEAD,
    LIGHTS,
    LIVE,
    LOOK_BACK_STATES,
    NOT_STARTED,
    OBLIGATION_STATES,
    OPEN,
    PARTS,
    RED,
    REPORTABLE,
    RESPONSIBLE,
    SUPPORTING,
    UNDUE,
    WITHDRAWN,
)
from directives.models.documents import Directive, Document, Item, Section
from directives.models.organisations import Organisation
from directives.models.people import User
from directives.models.scope import PATH_END, ScopedQuerySet, in_subtree, in_worked_for

# clock → the field with the day on which it runs out, and the states in which it is stopped
CLOCKS = {
    "receipt": ("acknowledge_by", frozenset({DISPUTED})),
    "plan": ("plan_due_on", frozenset()),
    "report": ("report_due_on", frozenset()),
    "completion": ("due_on", frozenset({CLOSING})),
    "reply": ("reply_due_on", frozenset()),
}


class ObligationQuerySet(ScopedQuerySet):
    def live(self) -> "ObligationQuerySet":
        """All but withdrawn obligations."""
        return self.filter(state__in=LIVE)

    def counted(self) -> "ObligationQuerySet":
        """Those that count in figures and denominators: of one broken down, its parts do."""
        return self.live().filter(parts=0)

    def broken_down(self) -> "ObligationQuerySet":
        """Live rows that have live parts, and so are not counted."""
        return self.live().filter(parts__gt=0)

    def open(self) -> "ObligationQuerySet":
        """Work that is still owed."""
        return self.filter(state__in=OPEN)

    def overdue(self) -> "ObligationQuerySet":
        """Rows whose stored light is red (逾期); `manage.py tick` updates it each day."""
        return self.live().filter(light=RED)

    def late(self, clock: str) -> "ObligationQuerySet":
        """Overdue rows whose light has this clock (a key of CLOCKS) as its reason.

        If several clocks have run out, the reason is the one that did so first.
        """
        codes = (f"{clock}_overdue", f"{clock}_returned_overdue")
        return self.overdue().filter(light_code__in=codes)

    def with_clock_running(self, clock: str, on: date | None = None) -> "ObligationQuerySet":
        """Open rows on which this clock runs; with `on`, those on which it runs out that day."""
        field, stopped = CLOCKS[clock]
        day = {f"{field}__isnull": False} if on is None else {field: on}
        return self.open().filter(**day).exclude(state__in=stopped)

    def reported(self, *, by_supporting: bool) -> "ObligationQuerySet":
        """Rows that get an entry in a report; `by_supporting`: `Cycle.asks_supporting`."""
        rows = self.filter(state__in=REPORTABLE)
        return rows if by_supporting else rows.exclude(part=SUPPORTING)

    def undated(self) -> "ObligationQuerySet":
        """Open rows without a day of completion."""
        return self.open().filter(due_on=None)

    def due_for_light(self, today: date) -> "ObligationQuerySet":
        """Rows whose light may change on or before this day."""
        return self.filter(light_changes_on__lte=today)

    def supporting(self, user: User) -> "ObligationQuerySet":
        """Supporting obligations of directives that the person's bodies lead.

        A body leads for those below its own superior, or below itself where it has none; not for
        those of other subtrees that have the same directive.
        """
        leads = Obligation.objects.live().filter(in_worked_for(user, "organisation"), part=LEAD)
        path = OuterRef("organisation__path")
        above = Coalesce("organisation__parent__path", "organisation__path")
        nearby = (
            leads.filter(directive=OuterRef("directive"))
            .alias(low=above, high=Concat(above, Value(PATH_END)))
            .filter(low__lt=path, high__gte=path)
        )
        led = self.filter(part=SUPPORTING, directive__in=leads.order_by().values("directive"))
        return led.filter(Exists(nearby))

    def under(self, organisation: Organisation) -> "ObligationQuerySet":
        """Obligations of the body and of everything below it."""
        return self.filter(in_subtree(organisation.path, "organisation__path"))


class Obligation(models.Model):
    """A directive that a body must implement (责任事项).

    The five clocks are due dates, null if nothing is due. `acknowledge_by`, `plan_due_on` and
    `report_due_on` are set to null when met, and set again when the work is returned. `due_on` is
    the day of completion, and `original_due_on` the first one that was set. `reply_due_on` is the
    earliest day of what was asked of this row and is not replied to (`ReplyRequest`).

    A body may break its row down to bodies below (分解): theirs are `broken_from` it. While it has
    live `parts` (their number), its percent is theirs, and they are counted in its place.
    """

    # Every index makes moves slower, so there is none where another one can be used.
    document = models.ForeignKey(
        Document, models.PROTECT, related_name="obligations", db_index=False
    )
    section = models.ForeignKey(Section, models.PROTECT, related_name="+", db_index=False)
    directive = models.ForeignKey(
        Directive,
        models.PROTECT,
        related_name="obligations",
        verbose_name=_("directive"),
        db_index=False,
    )
    organisation = models.ForeignKey(
        Organisation,
        models.PROTECT,
        related_name="obligations",
        verbose_name=_("organisation"),
        db_index=False,
    )
    part = models.CharField(_("responsibility"), max_length=12, choices=PARTS, default=RESPONSIBLE)
    deliverable = models.CharField(_("deliverable"), max_length=8, choices=DELIVERABLES, blank=True)
    leader = models.CharField(_("responsible leader"), max_length=60, blank=True)
    contact = models.CharField(_("contact and telephone"), max_length=100, blank=True)
    note = models.CharField(_("remarks"), max_length=200, blank=True)

    state = models.CharField(_("state"), max_length=12, choices=OBLIGATION_STATES, default=ASSIGNED)
    percent = models.PositiveSmallIntegerField(_("percent complete"), default=0)
    # From the last submitted or accepted entry, for lists
    progress = models.TextField(_("progress"), blank=True)
    problems = models.TextField(_("problems"), blank=True)
    next_steps = models.TextField(_("next steps"), blank=True)

    issued_on = models.DateField(_("assigned on"))
    starts_on = models.DateField(_("starts on"))
    acknowledge_by = models.DateField(_("acknowledge by"), null=True, blank=True)
    plan_due_on = models.DateField(_("plan due"), null=True, blank=True)
    plan_returned = models.BooleanField(default=False)
    report_due_on = models.DateField(_("report due"), null=True, blank=True)
    report_returned = models.BooleanField(default=False)
    reply_due_on = models.DateField(_("reply due"), null=True, blank=True)
    due_on = models.DateField(_("complete by"), null=True, blank=True)
    original_due_on = models.DateField(_("original due date"), null=True, blank=True)
    extensions_granted = models.SmallIntegerField(
        _("extensions"), default=0, db_default=0, editable=False
    )
    closed_on = models.DateField(_("closed on"), null=True, blank=True)
    # The state of the last look-back since it was closed; empty if there was none
    looked_back = models.CharField(
        _("look-back"),
        max_length=12,
        choices=LOOK_BACK_STATES,
        blank=True,
        default="",
        db_default="",
        editable=False,
    )
    # The obligation of another body that took the place of this withdrawn one
    handed_to = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="handed_over", db_index=False
    )
    # See core.last_heard. None: no activity since it was issued.
    heard_on = models.DateField(_("last activity on"), null=True, editable=False)

    light = models.CharField(_("light"), max_length=8, choices=LIGHTS, default=UNDUE)
    light_code = models.CharField(max_length=24, blank=True)  # why: a key of clocks.PHRASES
    light_on = models.DateField(null=True)  # the day in the reason
    light_changes_on = models.DateField(null=True, db_index=True)
    reason = models.TextField(_("reason of the last move"), blank=True)
    # Who requested the pending decision, and so may not make it
    asked_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    moved_at = models.DateTimeField(null=True)
    broken_from = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        related_name="broken_into",
        verbose_name=_("broken down from"),
        db_index=False,
        editable=False,
    )
    parts = models.IntegerField(_("number of parts"), default=0, db_default=0, editable=False)
    asks = models.TextField(_("what is asked"), blank=True, default="", db_default="")
    # A part that was assigned on its own before: taken out, it stays assigned
    owed_before = models.BooleanField(default=False, db_default=False, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = ObligationQuerySet.as_manager()

    class Meta:
        verbose_name = _("obligation")
        verbose_name_plural = _("obligations")
        ordering = ["document", "directive__order", "organisation__code"]
        constraints = [
            models.UniqueConstraint(
                fields=["directive", "organisation"], name="one_obligation_per_directive_and_body"
            ),
            models.CheckConstraint(
                condition=Q(percent__gte=0, percent__lte=100), name="obligation_percent_0_to_100"
            ),
            models.CheckConstraint(
                condition=Q(due_on=None) | Q(due_on__gte=F("issued_on")),
                name="obligation_due_after_issue",
            ),
            models.CheckConstraint(
                condition=~Q(state="closed") | Q(closed_on__isnull=False),
                name="closed_obligation_has_its_day",
            ),
            models.CheckConstraint(
                condition=~Q(state=DISPUTED) | ~Q(reason=""), name="dispute_has_a_reason"
            ),
        ]
        indexes = [
            models.Index(fields=["organisation", "document", "light"], name="obligation_of_body"),
            models.Index(fields=["document", "light", "light_on"], name="obligation_longest_late"),
            # Over all documents: the longest overdue of all bodies, and those of each body
            models.Index(
                fields=["light", "light_on"], name="obligation_overdue", condition=Q(light=RED)
            ),
            models.Index(
                fields=["organisation"], name="obligation_overdue_of_body", condition=Q(light=RED)
            ),
            # One for each state, because SQLite would not use an index on two states for one.
            models.Index(
                fields=["moved_at"], name="obligation_disputed", condition=Q(state=DISPUTED)
            ),
            models.Index(
                fields=["moved_at"], name="obligation_closing", condition=Q(state=CLOSING)
            ),
            models.Index(
                fields=["directive", "organisation"],
                name="obligation_leads",
                condition=Q(part=LEAD),
            ),
            models.Index(
                fields=["acknowledge_by"],
                name="obligation_unreceived",
                condition=Q(state=ASSIGNED),
            ),
            models.Index(
                fields=["handed_to"],
                name="obligation_handed_to",
                condition=Q(handed_to__isnull=False),
            ),
            models.Index(
                fields=["document", "organisation"],
                name="obligation_withdrawn",
                condition=Q(state=WITHDRAWN),
            ),
            models.Index(
                fields=["broken_from", "organisation"],
                name="obligation_parts",
                condition=Q(broken_from__isnull=False),
            ),
            models.Index(
                fields=["organisation", "document"],
                name="obligation_broken_down",
                condition=Q(parts__gt=0),
            ),
            models.Index(
                fields=["directive"], name="obligation_broken_directive", condition=Q(parts__gt=0)
            ),
            models.Index(
                fields=["directive"], name="obligation_supporting", condition=Q(part=SUPPORTING)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.organisation} · {self.directive}"

    @property
    def is_counted(self) -> bool:
        """Whether figures count it; see `ObligationQuerySet.counted`."""
        return self.state in LIVE and not self.parts

    @property
    def last_heard(self) -> date:
        """The day of last activity, from which silence is counted; the assignment counts too."""
        return self.heard_on or self.issued_on

    @property
    def why(self) -> Reason | None:
        """The reason of the light; None if it was never computed."""
        return Reason(self.light_code, self.light_on) if self.light_code else None


class ItemStateQuerySet(ScopedQuerySet):
    owner = "obligation__organisation"

    def unsettled(self) -> "ItemStateQuerySet":
        """Items that are neither established nor excused, and so prevent closing."""
        return self.exclude(state=ESTABLISHED).filter(open_reason="")


class ItemState(models.Model):
    """The progress of a body on one item of an obligation.

    `open_reason` says why the obligation may be closed although the item is not established.
    """

    obligation = models.ForeignKey(Obligation, models.CASCADE, related_name="item_states")
    item = models.ForeignKey(Item, models.PROTECT, related_name="states")
    state = models.CharField(max_length=12, choices=ITEM_STATES, default=NOT_STARTED)
    on = models.DateField(_("date"), null=True, blank=True)
    evidence = models.CharField(_("evidence"), max_length=300, blank=True)
    open_reason = models.CharField(
        _("why not established"), max_length=200, blank=True, default="", db_default=""
    )
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = ItemStateQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["obligation", "item"], name="one_state_per_item"),
            models.CheckConstraint(
                condition=~Q(state="established") | Q(on__isnull=False),
                name="established_item_has_its_day",
            ),
            models.CheckConstraint(
                condition=~Q(state="established") | Q(open_reason=""),
                name="established_item_needs_no_reason",
            ),
        ]
