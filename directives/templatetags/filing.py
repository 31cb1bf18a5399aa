"""Tags of the report form: the parts that are drawn again after each save."""

from datetime import datetime

from django import template
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext

from directives.base.wording import in_script
from directives.models.reports import CARRIED, FROM_LOG
from directives.reports.queries.entries import STATUS, EntryLine, ReportSheet
from directives.templatetags.markup import attribute, join_html
from directives.templatetags.tracker import moment, once

register = template.Library()
SWAP = attribute("hx-swap-oob", "true")
NOTE = '<span class="note" id="{}-{}"{}>{}</span>'


@register.simple_tag
def ready_entries(sheet: ReportSheet) -> SafeString:
    """A hidden field for each entry that is ready."""
    return format_html_join(
        "",
        '<input type="hidden" name="entry" value="{}">',
        ((line.pk,) for line in sheet.lines if line.ready),
    )


@register.simple_tag
def entry_state(line: EntryLine, seen: str = "") -> SafeString:
    """The parts of an entry that change with each save: its state, and the keys of the next save.

    `seen` is the version that its page read, where it differs from the stored one.
    """
    status = line.status
    parts = [
        once(),
        format_html('<input type="hidden" name="version" value="{}">', seen or line.entry.version),
        format_html(
            '<span class="tag {}" data-row="{}">{}</span>', status.tone, line.row_class, status.word
        ),
    ]
    if line.lacks and line.can_edit and status is not STATUS["blank"]:
        missing = gettext(", ").join(map(str, line.missing_words))
        parts.append(
            format_html('<span class="lack">{} {}</span>', gettext("Still missing:"), missing)
        )
    parts += [
        format_html('<span class="error" role="alert">{}</span>', text)
        for texts in line.errors.values()
        for text in texts
    ]
    return join_html(parts)


@register.simple_tag
def saved_at(at: datetime | None, swap: bool = False) -> SafeString:
    """When the report was last saved, beside its title.

    `swap`: it replaces the element on the page (htmx, out of band).
    """
    mark = ""
    if at:
        mark = format_html(
            '<svg class="ico" aria-hidden="true"><use href="#I-ok"/></svg>{}',
            gettext("Saved %(time)s") % {"time": f"{timezone.localtime(at):%H:%M:%S}"},
        )
    return format_html('<span class="saved" id="saved"{}>{}</span>', SWAP if swap else "", mark)


@register.simple_tag
def entry_note(line: EntryLine) -> str:
    """Where the text of an entry comes from."""
    entry = line.entry
    if entry.origin == FROM_LOG:
        return gettext("Drafted from %(n)s log entries; edit as you like") % {"n": entry.drawn_from}
    if entry.origin == CARRIED and not entry.saved_at:
        return gettext("Carried over from %(period)s; grey is unchanged") % {
            "period": line.last_accepted.report.cycle.name if line.last_accepted else ""
        }
    if entry.saved_at:
        return gettext("Saved %(moment)s, %(person)s") % {
            "moment": moment(entry.saved_at),
            "person": in_script(str(entry.saved_by), get_language()),
        }
    return ""


@register.simple_tag
def entry_percent(line: EntryLine) -> str:
    """The percentage that was last accepted, and whether this one is below it."""
    last, now = line.earlier.percent, line.entry.percent
    if last is None:
        return ""
    words = gettext("last %(percent)s") % {"percent": last}
    if now is None or now >= last:
        return words
    return format_html('{} ↓<span class="sr">{}</span>', words, gettext("below the last one"))


@register.simple_tag
def entry_saved(line: EntryLine, seen: str = "") -> SafeString:
    """The parts of a row that a save changes, and the time beside the title."""
    pk = line.entry.pk
    return join_html(
        [
            entry_state(line, seen),
            saved_at(line.entry.saved_at, True),
            "" if line.entry.unchanged else format_html(NOTE, "n", pk, SWAP, entry_note(line)),
            format_html(NOTE, "p", pk, SWAP, entry_percent(line)),
            format_html('<div id="c-{}"{}></div>', pk, SWAP),
        ]
    )
