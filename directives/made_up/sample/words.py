"""Made-up words of plans, logs and reports, from a directive's own subject. Nothing here happened."""

from random import Random

from directives.models import Directive

SUBJECT = 22  # characters of a directive's subject at most
MEASURES = (
    "围绕“{subject}”制定年度安排，逐项明确责任处室和完成时限",
    "就“{subject}”开展专题调研，形成问题清单和改进办法",
    "选取{n}家基层单位先行试点“{subject}”，总结后推开",
)
ITEM_MEASURES = ("起草并印发{item}实施办法，配套制定操作规程", "修订完善{item}，开展执行情况自查")
RESULTS = ("工作方案", "制度文件", "调研报告", "总结材料", "会议纪要")
LOG = (
    "召开专题会议，研究“{subject}”，明确{n}项具体任务",
    "赴基层调研“{subject}”，走访{n}家单位，收集意见{m}条",
    "汇总调研意见{m}条，形成“{subject}”工作方案初稿",
    "印发通知部署“{subject}”，{n}家直属单位报送了落实安排",
    "组织业务培训{n}期，{m}人次参加，重点讲解“{subject}”",
    "对“{subject}”开展自查，发现问题{n}个，已整改{k}个",
    "总结“{subject}”典型做法{n}个，在系统内交流",
)
ITEM_LOG = (
    "召开会议研究{item}起草工作，成立起草小组",
    "形成{item}实施办法征求意见稿，印发{n}家单位征求意见",
    "汇总{item}反馈意见{m}条，采纳{k}条，形成送审稿",
    "{item}实施办法经会议审议通过，印发执行",
)
PROBLEMS = (
    "",
    "",
    "基层力量不足，推进不够均衡",
    "相关口径尚待统一，个别数据靠手工汇总",
    "经费列支渠道有待明确",
    "部分单位重视程度不够，进度偏慢",
)
NEXT = (
    "下一季度开展督促检查，推动全面落实",
    "抓紧完成征求意见，按程序提请审议",
    "选取典型经验在系统内推广",
    "对进度偏慢的单位逐一会商，确保按期完成",
)
RETURNS = (
    "只写了“正在推进”，请写明到了哪一步、何时完成，并附佐证材料。",
    "完成比例与进展情况不相符，请核对后重报。",
    "请补充具体数据和时间节点。",
)
OPEN_REASONS = (
    "相关内容已并入现行制度，不再单独建立。",
    "由上级单位统一建立，本级执行。",
    "属试点内容，经会商列入下一年度建立。",
)
OFFICES = ("办公厅", "组织部", "宣传部", "基层工作部", "研究室", "权益保障部")


def subject_of(directive: Directive) -> str:
    """What a directive is about, in its first words."""
    clause = directive.text_hans
    for mark in "，；。":
        clause = clause.split(mark)[0]
    return clause[:SUBJECT].strip("“”、：")


def _fill(rng: Random, text: str, directive: Directive, item: str) -> str:
    n, m = rng.randint(3, 16), rng.randint(18, 160)
    return text.format(subject=subject_of(directive), item=item, n=n, m=m, k=max(1, n * 2 // 3))


def measure_text(rng: Random, directive: Directive, item: str = "") -> str:
    """A made-up measure for a directive, or for one of its items."""
    return _fill(rng, rng.choice(ITEM_MEASURES if item else MEASURES), directive, item)


def log_text(rng: Random, directive: Directive, item: str = "", *, place: int = 0) -> str:
    """A made-up log entry; `place` counts a measure's entries from 0, so that they tell a story in order."""
    texts = ITEM_LOG if item else LOG
    return _fill(rng, texts[min(place, len(texts) - 1)], directive, item)


def office(rng: Random) -> str:
    """Who is responsible for a measure: a made-up office."""
    return rng.choice(OFFICES)
