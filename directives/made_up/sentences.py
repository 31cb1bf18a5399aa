"""Made-up sentences of plans, work logs, reports and reviews.

A sentence names the matter of its directive as a whole noun phrase, or a system that the directive
asks for, and never quotes a part of the directive. Work advances in stages, 0 to LAST_STAGE, so
that the entries of a measure, and the reports of two cycles, follow each other.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from random import Random
from typing import NamedTuple

MATTER = "本项任务"  # of a directive whose matter has no name
LAST_STAGE = 6
DRAFTED = ("制度", "办法", "方案", "措施", "规划")  # endings of items that are drafted and issued


@dataclass(frozen=True, slots=True)
class BodyWords:
    """Words for a kind of body: its meeting, the bodies below it, its offices."""

    meeting: str
    below: str
    grassroots: str
    offices: tuple[str, ...]


class MeasureText(NamedTuple):
    """A measure: what is done, the office responsible, and the result."""

    text: str
    responsible: str
    result: str


MASS_OFFICES = ("组织部", "宣传部", "基层工作部", "权益保障部")
COMMITTEE_OFFICES = ("组织部", "宣传部", "统战部")
# By kind and level of the body.
BODY_WORDS = {
    ("mass_organisation", "central"): BodyWords(
        "书记处会议", "省级组织", "基层组织", ("办公厅", "研究室", *MASS_OFFICES)
    ),
    ("mass_organisation", "provincial"): BodyWords(
        "党组会议", "市级组织", "基层组织", ("办公室", "研究室", *MASS_OFFICES)
    ),
    ("mass_organisation", "municipal"): BodyWords(
        "党组会议", "县级组织", "基层组织", ("办公室", *MASS_OFFICES)
    ),
    ("mass_organisation", "county"): BodyWords(
        "领导班子会议", "乡镇（街道）组织", "村（社区）", ("办公室", "组织宣传部", "基层工作部")
    ),
    ("provincial_committee", "provincial"): BodyWords(
        "常委会会议", "下级党委", "基层单位", ("办公厅", "政策研究室", *COMMITTEE_OFFICES)
    ),
    ("committee", "municipal"): BodyWords(
        "常委会会议", "县级党委", "基层单位", ("办公室", "政策研究室", *COMMITTEE_OFFICES)
    ),
    ("committee", "county"): BodyWords(
        "常委会会议", "乡镇（街道）党（工）委", "村（社区）", ("办公室", *COMMITTEE_OFFICES)
    ),
    ("party_department", "central"): BodyWords(
        "办公会议", "地方对口部门", "基层单位", ("办公厅", "干部局", "研究室", "机关党委")
    ),
    ("military", "central"): BodyWords(
        "党委会议", "下级党委", "基层部队", ("办公室", "组织局", "宣传局", "群众工作局")
    ),
    ("state_organ", "central"): BodyWords(
        "办公会议", "直属单位", "基层单位", ("办公厅", "人事司", "政策法规司", "机关党委")
    ),
}
ANY_BODY = BodyWords("领导班子会议", "下级组织", "基层单位", ("办公室", "综合部", "组织部"))

# Each with its result.
MEASURES = (
    ("围绕{matter}制定年度工作安排，逐项明确责任单位和完成时限", "工作方案"),
    ("开展{matter}专题调研，形成问题清单和改进举措", "调研报告"),
    ("选取{few}个{grassroots}开展{matter}试点，总结经验后逐步推开", "试点总结"),
    ("将{matter}纳入年度重点工作，每季度听取一次进展汇报", "工作要点"),
    ("建立{matter}工作台账，明确牵头部门，定期调度进展", "工作台账"),
    ("召开{matter}工作推进会，交流经验，部署下一步任务", "会议纪要"),
    ("面向{below}举办{matter}专题培训，年内实现全覆盖", "培训总结"),
    ("组织{matter}情况自查，对发现的问题逐项限期整改", "自查报告"),
    ("梳理{matter}典型案例，编印成册，供基层学习借鉴", "案例汇编"),
    ("会同有关部门研究{matter}的支持举措，推动力量和资源向基层倾斜", "政策文件"),
)
PAPER_MEASURES = (
    ("研究起草{paper}，征求{below}意见后按程序印发", "制度文件"),
    ("对照上级要求研究制定{paper}，明确操作流程和责任", "制度文件"),
    ("研究提出{paper}的主要内容，形成送审稿提请审议", "送审稿"),
    ("组织力量起草{paper}，听取{few}个{grassroots}的意见后修改完善", "征求意见稿"),
    ("明确{paper}的责任部门和时间节点，年内印发并抓好执行", "制度文件"),
)
# One line for each stage.
LOG = (
    (
        "召开{meeting}研究{matter}，明确{few}项任务和牵头部门",
        "制定{matter}年度安排，将{few}项任务分解到责任部门",
        "成立{matter}工作专班，列出{few}项任务和完成时间",
    ),
    (
        "赴{few}个{grassroots}调研{matter}，收集意见建议{many}条",
        "召开{matter}座谈会，听取{few}个{below}的意见建议{some}条",
        "面向{below}开展{matter}问卷调查，收回有效答卷{many}份",
    ),
    (
        "梳理{matter}方面的问题{few}个，提出改进举措{few}条",
        "汇总意见建议{many}条，形成{matter}工作方案初稿",
        "就{matter}工作方案征求{few}个{below}意见，修改完善{part}处",
    ),
    (
        "印发通知部署{matter}，{few}个{below}报送了落实安排",
        "在{few}个{grassroots}启动{matter}试点",
        "召开{matter}工作推进会，{few}个{below}作了交流发言",
    ),
    (
        "举办{matter}专题培训{part}期，{many}人次参加",
        "调度{matter}进展，{few}个{below}完成了阶段任务",
        "对{few}个{below}开展{matter}工作督导，反馈问题{part}个",
    ),
    (
        "组织{matter}情况自查，发现问题{few}个，已整改{part}个",
        "到{few}个{grassroots}核实{matter}成效，访谈干部群众{many}人次",
        "对{matter}进展偏慢的{part}个{below}逐一会商，明确完成时限",
    ),
    (
        "总结{matter}典型做法{few}个，在面上推广",
        "完成{matter}情况总结，提出巩固举措{few}条",
        "通报{matter}完成情况，{few}个{below}的做法受到肯定",
    ),
)
PAPER_LOG = (
    (
        "召开{meeting}研究{paper}起草工作，抽调{few}人成立起草小组",
        "启动{paper}起草工作，收集整理有关政策文件{some}份",
    ),
    (
        "赴{few}个{grassroots}调研，为起草{paper}收集意见建议{many}条",
        "召开座谈会，听取{few}个{below}对{paper}的意见建议{some}条",
    ),
    (
        "形成{paper}征求意见稿，印发{few}个{below}征求意见",
        "{paper}初稿形成，送{few}个部门会商",
    ),
    (
        "汇总对{paper}的反馈意见{some}条，逐条研究吸收，形成送审稿",
        "完成{paper}合法性审核，修改{part}处后提请审议",
    ),
    (
        "{paper}经{meeting}审议通过，印发{few}个{below}执行",
        "印发{paper}，同步制作解读材料{part}份",
    ),
    (
        "组织{paper}专题培训{part}期，{many}人次参加",
        "跟踪{paper}执行情况，{few}个{below}制定了配套细则",
    ),
    (
        "开展{paper}执行情况检查，发现问题{few}个，已整改{part}个",
        "总结{paper}执行经验{few}条，供{below}借鉴",
    ),
)
PROBLEMS = (
    "",
    "",
    "相关口径尚待统一，个别数据靠手工汇总",
    "经费列支渠道有待明确",
    "跨部门协调事项较多，会商时间较长",
)
# Of work that is not nearly done.
DELAYS = ("基层力量不足，推进不够均衡", "部分单位重视程度不够，进度偏慢")
# For the first stages, for those in the middle, and for the last.
NEXT_STEPS = (
    (
        "抓紧征求意见，按程序提请审议",
        "细化任务分工，尽快部署到基层",
        "梳理调研成果，形成工作方案",
    ),
    (
        "下一季度开展督促检查，推动全面落实",
        "对进度偏慢的单位逐一会商，确保按期完成",
        "扩大试点范围，及时总结经验",
    ),
    (
        "选取典型经验在面上推广",
        "对整改情况开展回头看，巩固工作成效",
        "做好总结评估，准备申请销号",
    ),
)
RETURNS = (
    "只写了“正在推进”，请写明到了哪一步、何时完成，并附佐证材料。",
    "完成比例与进展情况不相符，请核对后重报。",
    "请补充具体数据和时间节点。",
)
PLAN_RETURN = "方案缺少分阶段目标，请逐项补充时间节点和成果形式。"
CLOSING_REQUEST = "各项任务已完成，佐证材料已报送，申请销号。"
CLOSING_CONSENT = "经核验，材料齐全，同意销号。"
OPEN_REASONS = (
    "相关内容已并入现行制度，不再单独建立。",
    "由上级单位统一建立，本级执行。",
    "属试点内容，经会商列入下一年度建立。",
)


def body_words(kind: str, level: str) -> BodyWords:
    return BODY_WORDS.get((kind, level), ANY_BODY)


def papers_for(items: Iterable[str]) -> list[str]:
    """The papers that are drafted and issued for those items of a directive that need one."""
    papers = [f"{item}建设方案" if item.endswith("机制") else item for item in items]
    return [paper for paper in papers if paper.endswith(DRAFTED)]


def stage_of(percent: int) -> int:
    """The stage of work that is done by this share."""
    return min(LAST_STAGE, percent * (LAST_STAGE + 1) // 100)


def measure_text(rng: Random, words: BodyWords, matter: str, paper: str = "") -> MeasureText:
    """A measure on a matter, or by which a paper is made."""
    text, result = rng.choice(PAPER_MEASURES if paper else MEASURES)
    return MeasureText(_filled(rng, text, words, matter, paper), rng.choice(words.offices), result)


def log_text(rng: Random, words: BodyWords, matter: str, paper: str = "", *, stage: int) -> str:
    """What was done at a stage, without its full stop."""
    text = rng.choice((PAPER_LOG if paper else LOG)[stage])
    return _filled(rng, text, words, matter, paper)


def problem(rng: Random, stage: int) -> str:
    """A problem that a report names, or none."""
    return rng.choice(PROBLEMS if stage >= LAST_STAGE - 1 else PROBLEMS + DELAYS)


def next_steps(rng: Random, stage: int) -> str:
    return rng.choice(NEXT_STEPS[stage * len(NEXT_STEPS) // (LAST_STAGE + 1)])


def evidence_text(item: str) -> str:
    """What shows that an item is established."""
    papers = papers_for([item])
    return f"关于印发{papers[0]}的通知" if papers else f"{item.removesuffix('的方式')}落实情况报告"


def _filled(rng: Random, text: str, words: BodyWords, matter: str, paper: str) -> str:
    few = rng.randint(3, 9)
    return text.format(
        matter=matter,
        paper=paper,
        meeting=words.meeting,
        below=words.below,
        grassroots=words.grassroots,
        few=few,
        part=few * 2 // 3,  # of the few
        some=rng.randint(10, 30),
        many=rng.randint(40, 160),
    )
