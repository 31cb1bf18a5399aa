"""Whom a sentence encourages: 国家鼓励高等学校毕业生到水利站工作. Rules match Simplified script."""

import re

from directives.documents.ingest import bodies
from directives.documents.ingest.bodies import Span
from directives.documents.ingest.subjects import clause_end

ENCOURAGED = re.compile(
    "(?:国家|公司|学校|本[省市县区校])?(?:积极|大力|进一步|要)?鼓励(?:和支持|和引导|、支持|、引导|支持|引导)?"
)
TO_DO = re.compile(
    "[在通以参自积主依开根结按承立设创制加多采利用与公建提购投组面向为将把到兴办筹引支捐认领发免减优率先带使实保回节进]"
)
PERSON = re.compile(
    "[^，。；的、]{0,8}?(?:者|人员|人才|群众|居民|村民|市民|职工|学生|青年|农户|家庭|教师|资本"
    "|主体|商户|农民)"
)


def agent_at(hans: str, start: int) -> Span | None:
    """Those encouraged who are described, or persons: 高等学校毕业生到农村工作."""
    stop = min(clause_end(hans, start), start + 40)
    ends = (
        end
        for end in range(start + 2, stop)
        if TO_DO.match(hans, end)
        and (bodies.is_agent(hans[start:end]) or bodies.is_places(hans[start:end]))
    )
    end = next(ends, 0)
    return Span(start, end) if end else None
