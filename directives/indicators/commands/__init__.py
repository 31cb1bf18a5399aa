"""Commands on statistics (统计): indicators, and the figures that bodies report for periods."""

from directives.indicators.commands.faults import (
    FigureFault,
    FigureFaults,
    ReportedFigure,
    decimals_of,
    faults_of,
    number_of,
)
from directives.indicators.commands.figures import FilingResult, file_figures, take_back_figures
from directives.indicators.commands.indicators import (
    IndicatorFields,
    change_indicator,
    define_indicator,
    end_indicator,
    resume_indicator,
    shift_indicator,
)
from directives.indicators.commands.periods import Period

__all__ = [
    "FigureFaults",
    "FigureFault",
    "FilingResult",
    "IndicatorFields",
    "Period",
    "ReportedFigure",
    "change_indicator",
    "decimals_of",
    "define_indicator",
    "end_indicator",
    "faults_of",
    "file_figures",
    "number_of",
    "resume_indicator",
    "shift_indicator",
    "take_back_figures",
]
