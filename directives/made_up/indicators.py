"""The made-up indicators, with typical values by level of body."""

from dataclasses import dataclass

from directives.indicators.commands import IndicatorFields, Period

YEARS = {"quarter": 0.25, "half": 0.5, "year": 1}  # the length of a period
GROWTH = 0.06  # a year
SEASONS = (0.9, 1.0, 1.02, 1.08)  # of the quarters of a year


@dataclass(frozen=True, eq=False, slots=True)
class MadeUpIndicator:
    """An indicator, with the typical value of one body of each level."""

    fields: IndicatorFields
    county: float
    municipal: float
    provincial: float
    central: float

    def value(self, level: str, period: Period, steps: int, *, size: float, chance: float) -> str:
        """A value from `steps` periods before the last; `size` and `chance` are about 1."""
        amount: float = getattr(self, level) * chance
        if self.fields.unit == "%":
            amount = min(99.5, amount + 8 * (size - 1) - steps)
        else:
            amount *= size * (1 - GROWTH * YEARS[period.cadence] * steps)
            if period.cadence == "quarter":
                amount *= SEASONS[period.number - 1]
        return f"{amount:.{self.fields.places}f}"


INDICATORS = (
    MadeUpIndicator(
        IndicatorFields(
            code="JC-01",
            name="基层群团组织数",
            unit="个",
            meaning="期末已建立并能正常开展活动的基层群团组织。",
            cadence="half",
        ),
        *(118, 64, 46, 320),
    ),
    MadeUpIndicator(
        IndicatorFields(
            code="JC-02",
            name="专职干部人数",
            unit="人",
            meaning="年末在编在岗、专门从事群团工作的干部，不含挂职和兼职。",
        ),
        *(9, 17, 42, 130),
    ),
    MadeUpIndicator(
        IndicatorFields(
            code="JC-03",
            name="全年经费",
            unit="万元",
            meaning="全年实际支出的群团工作经费，不含人员工资。",
            places=2,
        ),
        *(68, 155, 640, 2400),
    ),
    MadeUpIndicator(
        IndicatorFields(
            code="JC-04",
            name="服务群众人次",
            unit="万人次",
            meaning="本期通过走访、接待、热线和网上平台服务群众的人次。",
            cadence="quarter",
            places=2,
        ),
        *(0.86, 1.9, 5.2, 36),
    ),
    MadeUpIndicator(
        IndicatorFields(
            code="JC-05",
            name="服务对象满意度",
            unit="%",
            meaning="本期抽样调查中评价为满意和基本满意的比例。",
            aggregation="mean",
            cadence="half",
            places=1,
        ),
        *(91, 90, 89, 88),
    ),
)
# Of a kind that is not added up.
VOLUNTEERS = MadeUpIndicator(
    IndicatorFields(
        code="JC-06",
        name="每名专职干部联系的志愿者",
        unit="人",
        meaning="年末注册志愿者数除以专职干部人数。",
        aggregation="each",
        places=1,
    ),
    *(9, 9, 9, 9),
)
