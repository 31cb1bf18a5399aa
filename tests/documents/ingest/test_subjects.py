"""Subjects of laws and plans: described ones, persons, the State, offices with any verb."""

import pytest

from directives.documents.ingest.addressees import named_in
from directives.documents.ingest.reading import read
from directives.documents.ingest.words import aligned
from tests.documents.ingest.test_who import reading_of, who_by_code

pytestmark = pytest.mark.once


@pytest.mark.parametrize(
    ("sentence", "names"),
    [
        # described by what they do or are
        ("取得取水证的农户应当安装水表。", ["取得取水证的农户"]),
        ("从事河道采砂的企业，应当公示许可。", ["从事河道采砂的企业"]),
        ("水厂的经营者不得擅自停水。", ["水厂的经营者"]),
        ("尚未通过节水验收的县，要加快整改。", ["尚未通过节水验收的县"]),
        ("水文监测机构的检查员具体实施水样抽检。", ["水文监测机构的检查员"]),
        (
            "国务院水利部门和湖泊较多的省、自治区的县级人民政府水利部门设立巡查机构。",
            ["国务院水利部门", "湖泊较多的省、自治区的县级人民政府水利部门"],
        ),
        ("铁路、公路、水路运输企业应当运送防汛物资。", ["铁路、公路、水路运输企业"]),
        ("水库、灌区的值班人员或者水利技术人员，应当协助抢险。",
         ["水库、灌区的值班人员", "水利技术人员"]),
        # what stands between them and what they must do
        ("河道巡查人员执行任务时，应当出示证件。", ["河道巡查人员"]),
        ("河道巡查人员履行职责时，有权采取下列措施：", ["河道巡查人员"]),
        ("用水户在限水期间可以申请补助。", ["用水户"]),
        ("托水人取水时应当出示凭证。", ["托水人"]),
        ("村民和个体工商户按照规定缴纳水费。", ["村民", "个体工商户"]),
        ("发生水事纠纷，当事人可以申请调解。", ["当事人"]),
        ("发生洪水前，货主应当转移货物。", ["货主"]),
        ("乡鎮轄區之水利站、派出所，對巡堤事項，應協助辦理。", ["乡鎮轄區之水利站", "派出所"]),
        # the State, and offices whatever they do
        ("国家设立节水奖。", ["国家"]),
        ("国家对节水产品实行优惠。", ["国家"]),
        ("国家规定的用水定额应当公布。", []),
        ("省财政按人口比例补助，三年安排五亿元。", ["省财政"]),
        ("省、自治区、直辖市人民政府确定并公布禁采区。", ["省、自治区、直辖市人民政府"]),
        ("本府置水利顧問三人，備諮詢治水事項。", ["本府"]),
        ("水文站24小时值班。", ["水文站"]),
        ("农办向群众发放节水手册。", ["农办"]),
        ("县水利部门，应当公开水质。", ["县水利部门"]),
        ("国务院水利部门和省人民政府水利部门，应当组织培训。",
         ["国务院水利部门", "省人民政府水利部门"]),
        # several with one word for all
        ("组织、人事、水利等部门牵头选派河长助理。", ["组织、人事、水利等部门"]),
        ("水利、渔业、航运等行政部门，应当撤销许可。", ["水利、渔业、航运等行政部门"]),
        ("治水经费由省、市、县三级财政分担。", ["省、市、县三级财政"]),
        ("国家优化用水结构。", ["国家"]),
        ("国家保障居民享有安全饮水的权利。", ["国家"]),
        ("国家水利部、国家林业局应当会商。", ["国家水利部", "国家林业局"]),
        ("学校成立了巡河小组，每周巡查。", ["学校"]),
        ("学校一旦发现漏水，不得瞒报。", ["学校"]),
        ("妇女享有参与治水的权利。", ["妇女"]),
        ("从事特种养殖的渔业教师按照规定享受津贴。", ["从事特种养殖的渔业教师"]),
        ("水利机关、企业事业单位录用和培养职工，应当坚持公平。",
         ["水利机关", "企业事业单位"]),
        ("县政府决定成立县抗旱指挥部，负责指挥抗旱。", ["县政府", "县抗旱指挥部"]),
        ("各地水利部门要加强巡查。", ["各地水利部门"]),
        ("各地水利、渔业部门要加强巡查。", ["各地水利、渔业部门"]),
        ("国务院各部门分别负责。", ["国务院各部门"]),
        ("坚持一盘棋，各牵头和责任单位要强化协同。", ["各牵头和责任单位"]),
        ("學校食堂和校外供餐單位要節約用水。", ["學校食堂", "校外供餐單位"]),
        ("秘書室分設三科，掌理下列事項：", ["秘書室"]),
        ("由县水利局根据水情，县农委、县林业局等主管部门编制本县财政用水方案。",
         ["县水利局", "县农委、县林业局等主管部门"]),
        ("農村勞動者進城用水享有平等權利。", ["農村勞動者"]),
        ("省、市、縣水利行政部門負責節水。", ["省、市、縣水利行政部門"]),
        ("县水利局负责巡查，其所属的就业服务站具体负责招人。",
         ["县水利局", "其所属的就业服务站"]),
        ("县级以上地方人民政府水利、邮政管理等有关部门应当巡查。",
         ["县级以上地方人民政府水利、邮政管理等有关部门"]),
        ("取水超过国家或者地方规定的定额的企业，应当整改。",
         ["取水超过国家或者地方规定的定额的企业"]),
        ("中国水利银行发行债券，应当公告。", ["中国水利银行"]),
        ("县水利局会同国务院银行业监督管理机构制定规则。",
         ["县水利局", "国务院银行业监督管理机构"]),
        ("治水联席会议以纪要形式明确事项。", ["治水联席会议"]),
        ("各类巡河队伍集结待命。", ["各类巡河队伍"]),
        ("计划、水利部门按同级政府的部署，把饮水列入预算。", ["计划、水利部门"]),
        ("物资部门帮助解决抗旱物资。", ["物资部门"]),
        ("各用地单位和被征地单位都必须办理手续。", ["各用地单位", "被征地单位"]),
        ("行政副职对行政第一负责人负责。", ["行政副职"]),
        ("各级政府的河道管理机关要严格执法。", ["各级政府的河道管理机关"]),
        ("防治小组办事机构，设在县水利部门，负责日常工作。", ["防治小组办事机构"]),
        ("单位和个人有节约用水的义务。", ["单位", "个人"]),
        ("自治区对河砂实行许可制度。", ["自治区"]),
        ("国务院水利防治部门领导各级防治机构工作。", ["国务院水利防治部门"]),
        ("河道由县政府负责水务工作的部门管理。", ["县政府负责水务工作的部门"]),
        ("县级以上地方人民政府负责节水工作的部门应当公开定额。",
         ["县级以上地方人民政府负责节水工作的部门"]),
        ("由村集体修建管理的水塘，归村集体使用。", []),
        ("本府指揮、監督所屬機關。", ["本府"]),
        # whom a meeting asks
        ("操場積水問題，請教育局3個月內整修。", ["教育局"]),
        ("關於堤防，水利署已請承商趕工，請經濟部督促完工。", ["經濟部"]),
        ("建請工務局水利科編列預算。", ["工務局水利科"]),
        ("簡報內容，均請有關科室預先準備。", ["有關科室"]),
        ("說明會請本局與河川處同仁參與。", ["本局", "河川處同仁"]),
        ("居民可以申请县水利局勘查。", ["居民"]),
        # who does something passive, or is only mentioned
        ("水价调解书应当由双方当事人签名。", ["双方当事人"]),
        ("节水委员会按照便民的原则设立。", []),
        ("政府对河道砂石的管理，按照省里的规定执行。", []),
        ("除依法由其他机关没收的，由水利部门没收。", ["水利部门"]),
        ("要建立由县长牵头、各方参加的治水体系。", []),
        ("重大汛情及时报告市政府，不得迟报。", []),
        ("各镇要及时报告，提请县政府协调解决。", ["各镇"]),
        ("协同有关部门查处偷水行为。", []),
        ("各部门预算由所属单位编报。", ["所属单位"]),
        ("河道范围包括各级政府划定的滩地。", []),
        ("抗旱由县长任指挥长，副县长和水利部门负责人任副指挥长和指挥部成员。", []),
        ("农村饮水除由水务公司供应外，各镇应当保障。", ["各镇"]),
        ("村民委员会成员中，应当有妇女。", []),
        ("各级水文人员任免调动，应于发布时通知。", []),
        ("各机关对河道行文之程式，依本规则之规定。", []),
    ],
)  # fmt: skip
def test_subjects(sentence: str, names: list[str]) -> None:
    assert [name for name, _ in named_in(sentence, aligned(sentence))] == names


@pytest.mark.parametrize(
    ("sentence", "names"),
    [
        (
            "6月底前，县水利局会同各镇及县财政局完成清算。",
            [("县水利局", "lead"), ("各镇", "supporting"), ("县财政局", "supporting")],
        ),
        (
            "县水利局会同工会和企业方面代表建立协商机制。",
            [("县水利局", "lead"), ("工会", "supporting"), ("企业方面代表", "supporting")],
        ),
        (
            "跨县取水，由有关县人民政府商定，或者由其共同的上一级水利部门裁定。",
            [("有关县人民政府", "responsible"), ("其共同的上一级水利部门", "responsible")],
        ),
    ],
)
def test_roles(sentence: str, names: list[tuple[str, str]]) -> None:
    assert list(named_in(sentence, aligned(sentence))) == names


def test_those_who_are_liable_or_only_act_are_not_those_before() -> None:
    reading = reading_of(
        "第一条 县水利部门责令停止违法取水，没收违法所得。没有违法所得的，并处罚款。"
        "给他人造成损失的，依法承担赔偿责任。",
        "第二条 省人民政府公布禁采区。需要跨省运砂的，应当持证通行。",
    )
    assert who_by_code(reading) == {
        "第一条.1": [("县水利部门", "responsible")],
        "第一条.2": [("县水利部门", "responsible")],
        "第一条.3": [],
        "第二条.1": [("省人民政府", "responsible")],
        "第二条.2": [],
    }


def test_a_body_with_a_full_stop_has_what_follows() -> None:
    reading = reading_of(
        "一、分工", "县水利局。负责巡查河道。及时清淤。", "县公安局、县林业局。查处盗砂。"
    )
    assert who_by_code(reading) == {
        "一.1.1": [("县水利局", "responsible")],
        "一.1.2": [("县水利局", "responsible")],
        "一.1.3": [("县水利局", "responsible")],
        "一.2.1": [("县公安局", "responsible"), ("县林业局", "responsible")],
        "一.2.2": [("县公安局", "responsible"), ("县林业局", "responsible")],
    }


def test_brackets_within_a_bracket_that_says_who() -> None:
    reading = reading_of(
        "一、治水",
        "疏浚河道。（责任部门：各县〔市、区〕政府；配合部门：市财政局）",
        "修建堤防。（市水利局，各县〈市、区〉政府，排名第一位为牵头单位，下同）",
    )
    assert who_by_code(reading) == {
        "一.1.1": [("各县〔市、区〕政府", "responsible"), ("市财政局", "supporting")],
        "一.2.1": [("市水利局", "lead"), ("各县〈市、区〉政府", "responsible")],
    }


def test_those_encouraged_can_be_places_or_persons() -> None:
    reading = reading_of(
        "一、目标任务", "鼓励市县通过购买服务推进治水。国家鼓励高等学校毕业生到水利站工作。"
    )
    assert who_by_code(reading) == {
        "一.1.1": [("市县", "responsible")],
        "一.1.2": [("高等学校毕业生", "responsible")],
    }


def test_brackets_with_more_words_of_roles_and_notes() -> None:
    reading = reading_of(
        "一、治水",
        "修建堤防。〔市水利局、林业局牵头督导，市财政局参与，各县、区政府（管委会）负责落实。"
        "以下各项均需各县、区政府落实，不再列出。〕",
    )
    assert who_by_code(reading)["一.1.1"] == [
        ("市水利局", "lead"),
        ("林业局", "lead"),
        ("市财政局", "supporting"),
        ("各县、区政府（管委会）", "responsible"),
    ]


def test_a_section_of_an_office_has_the_items_below_it() -> None:
    reading = reading_of(
        "第五條 秘書室分設二科，掌理下列事項：", "一、第一科：", "（一）河務文書。"
    )
    assert [*who_by_code(reading).values()] == [
        [("秘書室", "responsible")],
        [("第一科", "responsible")],
        [("第一科", "responsible")],
    ]


def test_a_table_of_who_does_what_without_tasks() -> None:
    page = (
        "<h1>河道管理职责分工</h1><table><tr><td>序号</td><td>涉及部门</td><td>职责分工</td></tr>"
        "<tr><td>1</td><td>市水利局</td><td>负责巡查。</td></tr>"
        "<tr><td>2</td><td>市林业局</td><td>负责护岸林。</td></tr></table>"
    )
    reading = read(page.encode(), name="a.html")
    assert who_by_code(reading) == {
        "1.1": [("市水利局", "responsible")],
        "2.1": [("市林业局", "responsible")],
    }


def test_results_are_no_subject_and_dangers_are_what_those_before_mend() -> None:
    reading = reading_of(
        "一、考核",
        "各镇要自查河道。考核结果作为评优依据。",
        "各镇要自查。没有能力整改的隐患，要上报。",
    )
    assert who_by_code(reading) == {
        "一.1.1": [("各镇", "responsible")],
        "一.1.2": [],
        "一.2.1": [("各镇", "responsible")],
        "一.2.2": [("各镇", "responsible")],
    }


def test_those_encouraged_use_something() -> None:
    reading = reading_of("一、节水", "国家鼓励水龙头的生产经营者使用节水包装。")
    assert who_by_code(reading)["一.1.1"] == [("水龙头的生产经营者", "responsible")]


def test_those_before_check_themselves_though_somebody_else_is_named_later() -> None:
    reading = reading_of("一、自查", "各镇要自查河道。要在6月底前上报，由县水利局汇总。")
    assert who_by_code(reading)["一.1.2"] == [
        ("各镇", "responsible"),
        ("县水利局", "responsible"),
    ]


def test_a_title_says_whose_duties_a_paper_lists() -> None:
    lines = ("河道管理所所长安全责任制", "1、编制预案。", "2、对巡查负责，值班员要签名。")
    reading = read("\n".join(lines).encode(), name="a.txt")
    assert [*who_by_code(reading).values()] == [
        [("河道管理所所长", "responsible")],
        [("河道管理所所长", "responsible"), ("值班员", "responsible")],
    ]


def test_a_heading_says_whose_duties_stand_under_it() -> None:
    reading = reading_of("一、班组长岗位职责", "编制台账。", "二、县水利局安全生产职责", "巡查。")
    assert who_by_code(reading) == {
        "一.1.1": [("班组长", "responsible")],
        "二.1.1": [("县水利局", "responsible")],
    }


def test_a_short_article_that_names_who_acts_is_no_caption() -> None:
    reading = reading_of("第一条 县水利局加强节水领导。", "各镇建立节水台账。")
    assert [*who_by_code(reading).values()] == [
        [("县水利局", "responsible")],
        [("各镇", "responsible")],
    ]
