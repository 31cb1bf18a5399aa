"""Indicators with some years of figures, so that every page of statistics has something to show."""

from collections.abc import Sequence
from decimal import Decimal

from directives.indicators import commands as statistics
from directives.indicators.commands import Period, ReportedFigure
from directives.made_up.indicators import INDICATORS, VOLUNTEERS, MadeUpIndicator
from directives.made_up.sample.people import HOME, TOP
from directives.made_up.sample.story import PLANNED, Story
from directives.models import Indicator, Organisation, Owing

PERIODS = {"quarter": 9, "half": 6, "year": 4}  # that were reported
SILENT = ("Q05", "Q08", "P63", "P66", "M25")  # report nothing this time


def count_figures(story: Story) -> None:
    """The supervisor defines indicators and brings in earlier years; most bodies report now."""
    top = Organisation.objects.get(code=TOP)
    owing_bodies = Owing.objects.filter(document=story.document, count__gt=0).values("organisation")
    bodies = list(
        Organisation.objects.filter(pk__in=owing_bodies).exclude(pk=top.pk).order_by("code")
    )
    indicators = [
        statistics.define_indicator(
            document=story.document,
            organisation=top,
            fields=made_up.fields,
            by=story.supervisor,
            now=story.at(PLANNED, 9),
        )
        for made_up in (*INDICATORS, VOLUNTEERS)
    ]
    for made_up, indicator in zip((*INDICATORS, VOLUNTEERS), indicators, strict=True):
        _report(story, made_up, indicator, bodies)


def _report(
    story: Story, made_up: MadeUpIndicator, indicator: Indicator, bodies: Sequence[Organisation]
) -> None:
    """Earlier periods as one table each, the last one body by body."""
    last = Period.last_ended(story.today, indicator.cadence)
    sizes = {body.pk: story.rng.uniform(0.4, 1.6) for body in bodies}
    for steps in reversed(range(PERIODS[indicator.cadence])):
        period = last.shifted(-steps)
        figures = []
        for body in bodies:
            size, chance = sizes[body.pk], story.rng.uniform(0.95, 1.05)
            value = made_up.value(body.level, period, steps, size=size, chance=chance)
            figures.append(ReportedFigure(indicator, body, period, Decimal(value)))
        if steps:
            statistics.file_figures(figures, by=story.supervisor, now=story.at(PLANNED, 10))
            continue
        for figure in figures:
            body = figure.organisation
            reports = story.rng.random() < 0.35 + 0.6 * story.diligence[body.pk]
            if reports and body.code not in (*SILENT, HOME):
                now = story.at(-story.rng.randint(1, 9), 15)
                statistics.file_figures([figure], by=story.fillers[body.pk], now=now)
