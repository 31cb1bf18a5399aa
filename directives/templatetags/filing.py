"""Tags of a report that is filled in. What each pause in the typing draws anew is drawn at once, not put together from templates."""

from datetime import datetime
from html import escape

from django import template
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext

from directives.base.wording import in_script
from directives.models.reports import CARRIED, FROM_LOG
from directives.reports.queries.entries import EntryLine, ReportSheet
from directives.templatetags.tracker import moment, once, version

register = template.Library()
SWAP = ' hx-swap-oob="true"'


@register.simple_tag
def ready_entries(sheet: ReportSheet) -> SafeString:
    """A hidden field for each entry that is ready. Drawn at once: each save draws the hand-in bar of a long report anew."""
    return format_html_join(
        "",
        '<input type="hidden" name="entry" value="{}">',
        ((line.pk,) for line in sheet.lines if line.ready),
    )


@register.simple_tag
def entry_state(line: EntryLine, seen: str = "") -> SafeString:
    """What changes with each save: the state of one entry, and the keys of its next save; `seen` is the version that its page read."""
    status = line.status
    kept = (
        f'<input type="hidden" name="version" value="{escape(seen)}">'
        if seen
        else version(line.entry)
    )
    parts = [
        once(),
        kept,
        f'<span class="tag {status.tone}" data-row="{line.row_class}">{escape(str(status.word))}</span>',
    ]
    if line.lacks and line.writes and line.status_key != "blank":
        listed = gettext(", ").join(map(str, line.missing_words))
        parts.append(
            f'<span class="lack">{escape(gettext("Still missing:"))} {escape(listed)}</span>'
        )
    told = (text for texts in line.errors.values() for text in texts)
    parts += [f'<span class="error" role="alert">{escape(str(text))}</span>' for text in told]
    return SafeString("".join(parts))


@register.simple_tag
def saved_at(at: datetime | None, swap: bool = False) -> SafeString:
    """When the report was last saved, beside its title; `swap` for an answer that takes the place of what stands there."""
    said = gettext("Saved %(time)s") % {"time": f"{timezone.localtime(at):%H:%M:%S}"} if at else ""
    mark = (
        f'<svg class="ico" aria-hidden="true"><use href="#I-ok"/></svg>{escape(said)}' if at else ""
    )
    return SafeString(f'<span class="saved" id="saved"{SWAP if swap else ""}>{mark}</span>')


@register.simple_tag
def entry_note(line: EntryLine) -> SafeString:
    """Where the words of an entry come from."""
    entry, said = line.entry, ""
    if entry.origin == FROM_LOG:
        said = gettext("Drafted from %(n)s log entries; edit as you like") % {"n": entry.drawn_from}
    elif entry.origin == CARRIED and not entry.saved_at:
        said = gettext("Carried over from %(period)s; grey is unchanged") % {
            "period": line.last.report.cycle.name if line.last else ""
        }
    elif entry.saved_at:
        person = in_script(str(entry.saved_by), get_language())
        said = gettext("Saved %(moment)s, %(person)s") % {
            "moment": moment(entry.saved_at),
            "person": person,
        }
    return SafeString(escape(said))


@register.simple_tag
def entry_percent(line: EntryLine) -> SafeString:
    """The percentage last accepted, and whether this one is below it."""
    last = line.earlier.percent
    said = "" if last is None else escape(gettext("last %(percent)s") % {"percent": last})
    return SafeString(
        f'{said} ↓<span class="sr">{escape(gettext("below the last one"))}</span>'
        if line.fell
        else said
    )


@register.simple_tag
def entry_saved(line: EntryLine, seen: str = "") -> SafeString:
    """What a save changes in a row, and the time beside the title."""
    pk = line.entry.pk
    note = (
        ""
        if line.entry.unchanged
        else f'<span class="note" id="n-{pk}"{SWAP}>{entry_note(line)}</span>'
    )
    percent = f'<span class="note" id="p-{pk}"{SWAP}>{entry_percent(line)}</span>'
    parts = (
        entry_state(line, seen),
        saved_at(line.entry.saved_at, True),
        note,
        percent,
        f'<div id="c-{pk}"{SWAP}></div>',
    )
    return SafeString("".join(parts))
