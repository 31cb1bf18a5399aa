"""The demo's own document: a made-up opinion of a hundred directives."""

from collections.abc import Iterator
from datetime import datetime

from directives.documents.commands import registering
from directives.documents.ingest.reading import read
from directives.models import Document, User

NAME = "demo.txt"
TITLE = "关于夯实群团组织基层基础的意见（演示）"
NOTE = "本文件为演示数据，由程序按规则生成，并非真实文件"
NUMERALS = "一二三四五六七"
# Each section: its title, its subjects, and the systems that it asks for.
SECTIONS = (
    (
        "加强思想政治引领",
        "理论学习 主题宣讲 网上宣传 典型选树 青年引导 文化惠民 舆情应对",
        "宣讲员选聘制度 联系点制度",
    ),
    (
        "健全组织体系",
        "基层组织建设 新兴领域覆盖 换届工作 会员登记 园区建会 乡村组织建设 社区组织建设",
        "组织覆盖台账 换届提醒制度",
    ),
    (
        "密切联系群众",
        "直接联系群众 走访慰问 意见征集 诉求办理 困难帮扶 心理关爱 来信来访",
        "意见办理反馈机制 联系点制度",
    ),
    (
        "服务中心大局",
        "技能竞赛 创业就业 科技服务 乡村振兴 生态环保 志愿服务 对口协作",
        "竞赛成果目录 工作调度制度",
    ),
    (
        "维护合法权益",
        "权益维护 法律援助 集体协商 劳动保护 未成年人保护 残疾人保障 矛盾调处",
        "联席会议制度 法律援助热线",
    ),
    (
        "建强干部队伍",
        "干部选拔 专职人员配备 兼职挂职 教育培训 考核评价 作风建设 人才库建设",
        "考核办法 培训规划",
    ),
    (
        "强化工作保障",
        "经费保障 阵地建设 信息化建设 资源下沉 统计调查 档案管理 督促落实",
        "经费管理办法 档案管理制度",
    ),
)
SIZES = (14, 14, 14, 15, 14, 14, 15)  # directives of each section
ADDRESSEES = ("各级党委", "各群团组织", "群团组织领导机关", "各级党委和政府")
FORMS = (
    "{addressee}要把{subject}列入年度工作要点，明确责任和时限。",
    "{addressee}要定期研究{subject}，每年向上级报告一次。",
    "{addressee}要建立{system}，做到{subject}有人抓、有记录。",
    "鼓励结合实际创新{subject}的方式，及时总结推广。",
    "{addressee}要加强对{subject}的指导，帮助基层解决实际问题。",
    "要改进{subject}，不得搞形式主义，不得增加基层负担。",
    "支持在{subject}中运用信息技术，推动数据共享。",
)


def text() -> str:
    """The whole document; it says of itself that it is made up."""
    lines = [TITLE, "", NOTE, ""]
    for number, (section, size) in enumerate(zip(SECTIONS, SIZES, strict=True)):
        lines += [f"{NUMERALS[number]}、{section[0]}", *_paragraphs(number, size), ""]
    return "\n".join(lines)


def _paragraphs(number: int, size: int) -> Iterator[str]:
    """A paragraph for each subject of a section."""
    _title, subjects, systems = SECTIONS[number]
    names = systems.split()
    for place, (subject, sentences) in enumerate(_subjects(subjects, size)):
        addressee = ADDRESSEES[(number + place) % len(ADDRESSEES)]
        forms = [
            FORMS[(2 * place + number + repeat * 3) % len(FORMS)] for repeat in range(sentences)
        ]
        yield "".join(
            form.format(addressee=addressee, subject=subject, system=names[place % len(names)])
            for form in forms
        )


def _subjects(subjects: str, size: int) -> Iterator[tuple[str, int]]:
    """The subjects of a section, each with its number of sentences: two, but for the last."""
    *first, last = subjects.split()
    yield from ((subject, 2) for subject in first)
    yield last, size - 2 * len(first)


def matters() -> list[str]:
    """What each directive is about, in the order of the document."""
    return [
        subject
        for (_title, subjects, _systems), size in zip(SECTIONS, SIZES, strict=True)
        for subject, sentences in _subjects(subjects, size)
        for _sentence in range(sentences)
    ]


def register(*, by: User, now: datetime) -> Document:
    return store(text(), name=NAME, by=by, now=now)


def store(words: str, *, name: str, by: User, now: datetime) -> Document:
    """Register a made-up document as if it had been uploaded as a file."""
    source = words.encode()
    return registering.register_document(
        reading=read(source, name=name),
        source=source,
        source_name=name,
        by=by,
        now=now,
        fictional=True,
    )
