"""The rows of the list of obligations: fifty of them are most of its page."""

from collections.abc import Collection, Iterable
from html import escape

from django import template
from django.template.context import Context
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext, pgettext

from directives.base.states import ASSIGNED, LEAD, LOOK_BACK_STATES, OBLIGATION_STATES, PARTS
from directives.base.wording import EMPTY, Dated, describe_light, format_day, in_script, localized
from directives.obligations.queries.listing import ObligationLine
from directives.templatetags.days import changed_due
from directives.templatetags.markup import join_escaped, shortened
from directives.templatetags.tracker import TONES, lamp

register = template.Library()

LONG = 90  # characters of a directive's text
SHORT = 30  # characters where the text only repeats that of the line above


class LedgerWriter:
    """Writes the rows of one page; what is the same in several rows is made once."""

    def __init__(self, dated: Dated, acknowledging_bodies: Collection[int], ticks: bool) -> None:
        """`own`: ids of the bodies for which the reader may acknowledge; `ticks`: show boxes."""
        self.dated, self.acknowledging_bodies, self.ticks = dated, acknowledging_bodies, ticks
        self.language = get_language()
        self.base = reverse("obligations")
        self.marks = {
            colour: f'<span class="light {tone}">{lamp(colour)}' for colour, tone in TONES.items()
        }
        self.states = {
            code: self.cell("nb", gettext("State"), str(word)) for code, word in OBLIGATION_STATES
        }
        self.parts = {
            code: f'<span class="tag {"a" if code == LEAD else "line"}">{escape(str(word))}</span>'
            for code, word in PARTS
        }
        title = escape(pgettext("ledger", "Look-back"))
        self.look_backs = {
            code: f' <span class="tag" title="{title}">{title} · {escape(str(word))}</span>'
            for code, word in LOOK_BACK_STATES
        } | {"": ""}
        self.lights: dict[tuple, str] = {}
        self.days: dict[tuple, str] = {}
        self.percent = escape(gettext("Percent complete"))

    @staticmethod
    def cell(css_class: str, label: str, text: str) -> str:
        return f'<td class="{css_class}" data-k="{escape(label)}">{escape(text)}</td>'

    def light(self, line: ObligationLine) -> str:
        """The light with its word and its reason, made once for rows with the same facts."""
        facts = (
            line.light,
            line.light_code,
            line.light_on,
            line.starts_on,
            line.due_on,
            line.percent,
        )
        if facts not in self.lights:
            word, reason = describe_light(self.dated, line)
            why = f'<span class="why">{escape(reason)}</span>' if reason else ""
            self.lights[facts] = f"{self.marks[line.light]}{escape(word)}</span>{why}"
        return self.lights[facts]

    def due(self, line: ObligationLine) -> str:
        """The day of completion with the original one, and the number of extensions."""
        days = (line.due_on, line.original_due_on, line.extensions_granted)
        if days not in self.days:
            was = ""
            if line.original_due_on not in (None, line.due_on):
                was = f'<small class="was">{escape(changed_due(self.dated, line))}</small>'
            self.days[days] = (
                f'<td class="num nb" data-k="{escape(gettext("Complete by"))}">'
                f"{escape(format_day(line.due_on, self.dated.today))}{was}</td>"
            ) + self.cell("num", gettext("Extensions"), str(line.extensions_granted or EMPTY))
        return self.days[days]

    def tick(self, line: ObligationLine) -> str:
        if line.state != ASSIGNED or line.organisation_id not in self.acknowledging_bodies:
            return '<td class="pickone"></td>'
        label = escape(gettext("Select %(code)s") % {"code": line.code})
        return (
            f'<td class="pickone"><input type="checkbox" form="receive" name="pick"'
            f' value="{line.pk}" aria-label="{label}"></td>'
        )

    def line(self, line: ObligationLine, repeats: bool) -> str:
        text = localized(line, "text")
        text_html = (
            f'<span class="sr"> {escape(shortened(text, SHORT))}</span>'
            if repeats
            else f" {escape(shortened(text, LONG))}"
        )
        return (
            f'<tr id="o{line.pk}">{self.tick(line) if self.ticks else ""}'
            f'<th scope="row" class="task"><a href="{self.base}{line.pk}/">'
            f'<span class="code">{escape(in_script(line.code, self.language))}</span>'
            f"{text_html}</a></th>"
            f'<td class="of">{escape(localized(line, "name"))} {self.parts[line.part]}</td>'
            f'<td class="why-col">{self.light(line)}{self.look_backs[line.looked_back]}</td>'
            f"{self.states[line.state]}"
            f'<td class="num" data-k="{self.percent}">{line.percent}%</td>'
            f"{self.due(line)}</tr>"
        )


@register.simple_tag(takes_context=True)
def ledger_lines(
    context: Context,
    lines: Iterable[ObligationLine],
    acknowledging_bodies: Collection[int],
    ticks: object,
) -> SafeString:
    """The rows of the table, one for each obligation.

    A text that only repeats the line above is shown to screen readers alone.
    """
    writer = LedgerWriter(context["request"], acknowledging_bodies, bool(ticks))
    pieces: list[str] = []
    previous_directive = None
    for line in lines:
        pieces += (
            "\n" if pieces else "",
            writer.line(line, line.directive_id == previous_directive),
        )
        previous_directive = line.directive_id
    return join_escaped(pieces)
