"""Policy documents, and what was extracted from their text."""

from django.apps import apps
from django.db import models
from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from directives.base.states import COLOURS, OVERSEEING, PARTS, RESPONSIBLE, SUPERVISOR
from directives.documents.ingest.labels import with_mark
from directives.models.people import User
from directives.models.scope import (
    NO_ROWS,
    any_of,
    in_bodies,
    in_subtrees,
    in_view,
    in_worked_for,
    topmost,
)

MODALITIES = tuple(
    (word, word) for word in ("要", "應該", "可", "支持", "鼓勵", "探索", "不得", "祈使")
)
KINDS = (
    ("institution", pgettext_lazy("directive", "Institution")),
    ("recurring duty", pgettext_lazy("directive", "Recurring duty")),
    ("resource", pgettext_lazy("directive", "Resource")),
    ("prohibition", pgettext_lazy("directive", "Prohibition")),
    ("encouragement", pgettext_lazy("directive", "Encouragement")),
    ("pilot", pgettext_lazy("directive", "Pilot")),
    ("evaluation", pgettext_lazy("directive", "Evaluation")),
    ("deliverable", pgettext_lazy("directive", "Deliverable")),
    ("statement", pgettext_lazy("directive", "Statement")),
)
CADENCES = (
    ("regular", pgettext_lazy("cadence", "Regularly")),
    ("continuing", pgettext_lazy("cadence", "Continuously")),
    ("once", pgettext_lazy("cadence", "Once")),
)
# How often something falls due; `cadence` above only says whether it recurs.
INTERVALS = (
    ("week", pgettext_lazy("interval", "Every week")),
    ("month", pgettext_lazy("interval", "Every month")),
    ("quarter", pgettext_lazy("interval", "Every quarter")),
    ("half", pgettext_lazy("interval", "Every half-year")),
    ("year", pgettext_lazy("interval", "Every year")),
)
NAMED, CARRIED, INFERRED, UNSTATED = "named", "carried", "inferred", "unstated"
BASES = (
    (NAMED, pgettext_lazy("basis", "Named")),
    (CARRIED, pgettext_lazy("basis", "Carried")),
    (INFERRED, pgettext_lazy("basis", "Inferred")),
    (UNSTATED, pgettext_lazy("basis", "Unstated")),
)
CERTAIN, PROPOSED, CONFIRMED, REFUSED = "certain", "proposed", "confirmed", "refused"
REPAIR_STATES = (
    (CERTAIN, pgettext_lazy("repair", "Certain")),
    (PROPOSED, pgettext_lazy("repair", "Proposed")),
    (CONFIRMED, pgettext_lazy("repair", "Confirmed")),
    (REFUSED, pgettext_lazy("repair", "Rejected")),
)

ENCODING = 16  # the longest name of an encoding
# Large fields, to be deferred where only the name of a document is needed
HEAVY = ("source", "text_read", "text_repaired")
HEAVY_OF_DOCUMENT = tuple(f"document__{name}" for name in HEAVY)


class DocumentQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> "DocumentQuerySet":
        """Documents that visible bodies registered or have obligations under; for staff, all."""
        if user.is_staff:
            return self
        conditions = [in_view(user, "organisation")]
        works_for = in_worked_for(user, "obligations__organisation")
        if works_for is not NO_ROWS:
            conditions.append(Q(pk__in=Document.objects.filter(works_for).values("pk")))
        memberships = topmost(user.in_role(*OVERSEEING))
        if memberships:
            # It has one row for each document and top body, the obligations many.
            totals = apps.get_model("directives", "DocumentTotal").objects
            has_obligations = any_of(Q(**{f"{colour}__gt": 0}) for colour in COLOURS)
            overseen = totals.filter(in_bodies(memberships, "scope"), has_obligations)
            conditions.append(Q(pk__in=overseen.values("document")))
        return self.filter(any_of(conditions))

    def owned_by(self, user: User) -> "DocumentQuerySet":
        """Documents registered by bodies that the person supervises, or by bodies below these."""
        return self.filter(in_subtrees(user.in_role(SUPERVISOR), "organisation__path"))


class Document(models.Model):
    """A policy document (文件): the file, the text read from it, and the repaired text."""

    title = models.CharField(_("title"), max_length=200)
    title_hans = models.CharField(max_length=200)
    title_hant = models.CharField(max_length=200)
    issuer = models.CharField(_("issuer"), max_length=100, blank=True)
    script = models.CharField(max_length=4, choices=(("hans", "简体"), ("hant", "繁體")))
    issued_on = models.DateField(_("issued on"), null=True, blank=True)
    # The rest of the frame, in the document's own words; of lists, one a line.
    number = models.CharField(
        _("document number"), max_length=60, blank=True, default="", db_default=""
    )
    recipients = models.TextField(_("recipients"), blank=True, default="", db_default="")
    annexes = models.TextField(_("annexes"), blank=True, default="", db_default="")
    # [field, start, end] of each line of `text_read` that the frame was read from
    frame_places = models.JSONField(default=list, db_default=[])
    source = models.BinaryField()
    source_name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64, unique=True)
    # In which the source is read again; "" where the format says it, or the evidence
    encoding = models.CharField(max_length=ENCODING, blank=True, default="", db_default="")
    # Of the words of its sentences, so that the same text in another file is recognised
    text_sha256 = models.CharField(
        max_length=64, blank=True, default="", db_default="", db_index=True
    )
    text_read = models.TextField()
    text_repaired = models.TextField()
    fictional = models.BooleanField(_("progress is fictional"), default=False)
    registered_at = models.DateTimeField()
    registered_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    # The body that owns it (登记单位). None: there was no body yet when it was registered.
    organisation = models.ForeignKey(
        "Organisation",
        models.PROTECT,
        null=True,
        related_name="documents",
        verbose_name=_("registered by"),
    )
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = DocumentQuerySet.as_manager()

    class Meta:
        verbose_name = _("document")
        verbose_name_plural = _("documents")
        ordering = ["-registered_at"]
        # Every page asks whether there is one; without the index, all files would be read.
        indexes = [
            models.Index(
                fields=["fictional"], name="document_fictional", condition=models.Q(fictional=True)
            )
        ]

    def __str__(self) -> str:
        return self.title_hans


class PartQuerySet(models.QuerySet):
    """Parts of a document are seen with it."""

    def visible_to(self, user: User) -> "PartQuerySet":
        return self.filter(document__in=Document.objects.visible_to(user))


class DocumentPart(models.Model):
    """A part of a document after the first: a plan that a notice carries, an annex (附件)."""

    document = models.ForeignKey(Document, models.CASCADE, related_name="parts")
    order = models.PositiveSmallIntegerField()
    label = models.CharField(max_length=20)  # the first part of the codes of its directives: 附2
    title = models.CharField(max_length=200, blank=True)
    title_hans = models.CharField(max_length=200, blank=True)
    title_hant = models.CharField(max_length=200, blank=True)

    objects = PartQuerySet.as_manager()

    class Meta:
        ordering = ["document", "order"]
        constraints = [
            models.UniqueConstraint(fields=["document", "label"], name="one_part_per_label")
        ]

    def __str__(self) -> str:
        return f"{self.label} {self.title_hans}".strip()


class Section(models.Model):
    """A numbered section of a document (部分); the closing paragraph is one with number ""."""

    document = models.ForeignKey(Document, models.CASCADE, related_name="sections")
    # None: of the first part
    part = models.ForeignKey(
        DocumentPart, models.CASCADE, null=True, blank=True, related_name="sections"
    )
    level = models.PositiveSmallIntegerField(default=1, db_default=1)
    number = models.CharField(max_length=8, blank=True)
    order = models.PositiveSmallIntegerField()
    title = models.CharField(max_length=200, blank=True)
    title_hans = models.CharField(max_length=200, blank=True)
    title_hant = models.CharField(max_length=200, blank=True)

    objects = PartQuerySet.as_manager()

    class Meta:
        ordering = ["document", "order"]
        constraints = [
            models.UniqueConstraint(fields=["document", "order"], name="one_section_per_place")
        ]

    def __str__(self) -> str:
        return f"{self.label}{self.title_hans}" if self.number else self.title_hans or "结尾"

    @property
    def label(self) -> str:
        """The number as it stands before the title: 一、, （一）, 第一章."""
        return with_mark(self.number)


class Directive(models.Model):
    """One requirement (任务): a sentence of the document. Its `code` never changes."""

    document = models.ForeignKey(Document, models.CASCADE, related_name="directives")
    section = models.ForeignKey(Section, models.PROTECT, related_name="directives")
    paragraph = models.PositiveSmallIntegerField()
    sentence = models.PositiveSmallIntegerField()
    order = models.PositiveIntegerField()
    code = models.CharField(_("directive code"), max_length=20)
    text = models.TextField(_("text"))
    # The text before a person corrected a misread word; empty if nobody did
    text_as_read = models.TextField(blank=True, default="", db_default="", editable=False)
    # text_read[source_start:source_end] of the document; None for one that a person added
    source_start = models.PositiveIntegerField(null=True, editable=False)
    source_end = models.PositiveIntegerField(null=True, editable=False)
    # [start, end] of each further place that its addressees and deadline were read from
    places = models.JSONField(default=list, db_default=[], editable=False)
    text_hans = models.TextField()
    text_hant = models.TextField()
    search_key = models.TextField(editable=False)
    statement = models.BooleanField(_("statement"), default=False)
    modality = models.CharField(_("how binding"), max_length=4, choices=MODALITIES, blank=True)
    kind = models.CharField(_("kind"), max_length=16, choices=KINDS)
    cadence = models.CharField(pgettext_lazy("directive", "frequency"), max_length=16, blank=True)
    # The deadline that the document sets: its words, and the day or interval that they say.
    due_words = models.CharField(
        _("deadline as worded"), max_length=100, blank=True, default="", db_default=""
    )
    due_on = models.DateField(pgettext_lazy("directive", "due on"), null=True, blank=True)
    due_every = models.CharField(
        _("due every"), max_length=8, choices=INTERVALS, blank=True, default="", db_default=""
    )
    due_rule = models.CharField(
        max_length=12, blank=True, default="", db_default="", editable=False
    )
    # A line that could be a heading as well; a person decides.
    title = models.BooleanField(default=False, db_default=False, editable=False)
    # What a person decided at the desk: such rows are statements, and stay listed.
    heading = models.BooleanField(_("heading"), default=False, db_default=False, editable=False)
    dropped = models.BooleanField(
        pgettext_lazy("directive", "left out"), default=False, db_default=False, editable=False
    )
    # The code of the row that its text was joined to
    merged_into = models.CharField(
        max_length=20, blank=True, default="", db_default="", editable=False
    )
    # Who compared its reading with the source; None: nobody has.
    checked_by = models.ForeignKey(
        User, models.PROTECT, null=True, editable=False, related_name="+"
    )
    checked_at = models.DateTimeField(null=True, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = PartQuerySet.as_manager()

    class Meta:
        verbose_name = _("directive")
        verbose_name_plural = _("directives")
        ordering = ["document", "order"]
        constraints = [
            models.UniqueConstraint(fields=["document", "code"], name="one_directive_per_code"),
            models.CheckConstraint(
                condition=Q(statement=False) | Q(kind="statement", modality=""),
                name="statement_has_no_modality",
            ),
            models.CheckConstraint(
                condition=Q(heading=False, dropped=False) | Q(statement=True),
                name="heading_or_dropped_requires_nothing",
            ),
            models.CheckConstraint(
                condition=Q(checked_by=None, checked_at=None)
                | Q(checked_by__isnull=False, checked_at__isnull=False),
                name="checked_by_whom_and_when",
            ),
        ]

    def __str__(self) -> str:
        return self.code

    @property
    def cadence_word(self) -> str | Promise:
        """The label of the cadence."""
        return dict(CADENCES).get(self.cadence, self.cadence)


class Addressee(models.Model):
    """Who must act on a directive, and the `basis` for that in the text."""

    directive = models.ForeignKey(Directive, models.CASCADE, related_name="addressees")
    order = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=100, blank=True)
    name_hans = models.CharField(max_length=100, blank=True)
    name_hant = models.CharField(max_length=100, blank=True)
    role = models.CharField(
        max_length=12, choices=PARTS, default=RESPONSIBLE, db_default=RESPONSIBLE
    )
    basis = models.CharField(max_length=8, choices=BASES)
    source = models.CharField(max_length=20, blank=True)  # code of the sentence it is carried from

    class Meta:
        ordering = ["directive", "order"]
        constraints = [
            models.CheckConstraint(
                condition=Q(basis=UNSTATED, name="") | (~Q(basis=UNSTATED) & ~Q(name="")),
                name="unstated_has_no_name",
            )
        ]


class ItemQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> "ItemQuerySet":
        return self.filter(directive__document__in=Document.objects.visible_to(user))


class Item(models.Model):
    """A named system, mechanism or deliverable in a directive (分项), at text[start:end]."""

    directive = models.ForeignKey(Directive, models.CASCADE, related_name="items")
    number = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=100)
    name_hans = models.CharField(max_length=100)
    name_hant = models.CharField(max_length=100)
    verb = models.CharField(max_length=20, blank=True)
    start = models.PositiveIntegerField()
    end = models.PositiveIntegerField()

    objects = ItemQuerySet.as_manager()

    class Meta:
        ordering = ["directive", "number"]
        constraints = [
            models.UniqueConstraint(fields=["directive", "number"], name="one_item_per_number")
        ]

    def __str__(self) -> str:
        return self.name_hans


class Repair(models.Model):
    """A correction of the text as read (校勘): applied if certain, else decided by a person."""

    document = models.ForeignKey(Document, models.CASCADE, related_name="repairs")
    order = models.PositiveIntegerField()
    kind = models.CharField(max_length=24)
    line = models.PositiveIntegerField()
    start = models.PositiveIntegerField()
    before = models.TextField(blank=True)
    after = models.TextField(blank=True)
    state = models.CharField(max_length=10, choices=REPAIR_STATES)
    decided_by = models.CharField(max_length=100, blank=True)
    decided_at = models.DateTimeField(null=True)
    why = models.TextField(blank=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = PartQuerySet.as_manager()

    class Meta:
        ordering = ["document", "order"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=[CERTAIN, PROPOSED], decided_by="")
                | (Q(state__in=[CONFIRMED, REFUSED]) & ~Q(decided_by="")),
                name="decided_repair_names_who",
            )
        ]


class LeftOut(models.Model):
    """A line of page furniture that is not part of the document."""

    document = models.ForeignKey(Document, models.CASCADE, related_name="left_out")
    line = models.PositiveIntegerField()
    text = models.TextField()
    source_start = models.PositiveIntegerField(null=True)
    source_end = models.PositiveIntegerField(null=True)
    reason = models.CharField(max_length=60)

    class Meta:
        ordering = ["document", "line"]


class DeskAct(models.Model):
    """One act of a person on rows of a document at the desk, which can be undone.

    `before` and `after` have the touched rows by id (`commands.desk_rows.RowState`); a row that the
    act added has no state before.
    """

    document = models.ForeignKey(Document, models.CASCADE, related_name="desk_acts")
    number = models.PositiveIntegerField()
    act = models.CharField(max_length=16)
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    undone = models.BooleanField(default=False)

    class Meta:
        ordering = ["document", "number"]
        constraints = [
            models.UniqueConstraint(fields=["document", "number"], name="one_desk_act_per_number")
        ]

    def __str__(self) -> str:
        return f"#{self.number} {self.act}"
