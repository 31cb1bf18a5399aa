"""What made-up work says: whole words that change, and the same for the same seed."""

import json
from collections import Counter
from collections.abc import Iterator
from itertools import product
from random import Random

import pytest

from directives.base.script import to_hans
from directives.documents.ingest.confirmations import confirmations_of
from directives.documents.ingest.reading import Reading, read
from directives.made_up import sentences
from directives.made_up.demo import opinion
from directives.made_up.sample import CONFIRMATIONS, DOCUMENT, MATTERS

STAGES = range(sentences.LAST_STAGE + 1)
# A name that begins or ends so was cut out of a longer one.
CUT_BEFORE = "的地得了着和与及或等、，。；：”）"
CUT_AFTER = "的地得和与及或在为以把被将从向要、，。；：“（"


def sample() -> Reading:
    source = DOCUMENT.read_bytes()
    confirmations = confirmations_of(CONFIRMATIONS.read_bytes(), document=source)
    return read(source, name=DOCUMENT.name, confirmations=confirmations)


def demo() -> Reading:
    return read(opinion.text().encode(), name=opinion.NAME)


@pytest.fixture(scope="module")
def papers() -> list[str]:
    """Every paper that bodies draft, of the sample and of the demo."""
    read_sentences = [*sample().sentences, *demo().sentences]
    items = [to_hans(item.name) for sentence in read_sentences for item in sentence.items]
    return list(dict.fromkeys(sentences.papers_for(items)))


def sample_matters() -> dict[str, str]:
    return json.loads(MATTERS.read_bytes())


def every_sentence(matter: str, paper: str) -> Iterator[str]:
    """Each line of each stage, for each kind of body."""
    lines = sentences.PAPER_LOG if paper else sentences.LOG
    measures = sentences.PAPER_MEASURES if paper else sentences.MEASURES
    texts = [line for stage in lines for line in stage] + [text for text, _result in measures]
    for words, text in product([*sentences.BODY_WORDS.values(), sentences.ANY_BODY], texts):
        yield sentences._filled(Random(1), text, words, matter, paper)


def test_each_directive_has_a_matter_of_its_own():
    required = [sentence.code for sentence in sample().sentences if not sentence.statement]
    matters = sample_matters()
    assert list(matters) == required
    assert len(set(matters.values())) == len(matters)


def test_the_matters_of_the_demo_stand_in_its_directives():
    matters = opinion.matters()
    directives = [sentence.text for sentence in demo().sentences if not sentence.statement]
    assert len(matters) == len(directives) == 100
    assert [pair for pair in zip(matters, directives, strict=True) if pair[0] not in pair[1]] == []


def test_names_are_whole(papers):
    names = [*sample_matters().values(), *opinion.matters(), *papers]
    assert len(papers) > 20
    assert [name for name in names if name[0] in CUT_BEFORE or name[-1] in CUT_AFTER] == []
    assert [name for name in names if not 4 <= len(name) <= 36] == []
    for opening, closing in ("“”", "（）", "《》"):
        assert [name for name in names if name.count(opening) != name.count(closing)] == []


def test_a_sentence_quotes_nothing_but_what_its_matter_quotes(papers):
    subjects = [(matter, "") for matter in (*sample_matters().values(), *opinion.matters())]
    subjects += [(sentences.MATTER, name) for name in papers]
    for matter, name in dict.fromkeys(subjects):
        for text in every_sentence(matter, name):
            assert (name or matter) in text
            assert not set("“”《》{}") & set(text.replace(name or matter, "")), text
            assert "。" not in text and len(text) <= 75, text


@pytest.mark.parametrize("paper", ["", "重大事项报告制度"])
def test_no_line_is_repeated_too_often(paper):
    words = sentences.body_words("mass_organisation", "county")
    rng = Random(7)
    subject = words, "基层组织建设", paper
    measures = Counter(sentences.measure_text(rng, *subject) for _time in range(400))
    assert max(measures.values()) < 40
    for stage in STAGES:
        log = Counter(sentences.log_text(rng, *subject, stage=stage) for _time in range(400))
        assert max(log.values()) < 80, log.most_common(1)


def test_the_same_seed_says_the_same():
    words = sentences.body_words("committee", "county")

    def said(seed: int) -> list[str]:
        rng = Random(seed)
        return [sentences.log_text(rng, words, "志愿服务", stage=stage) for stage in STAGES]

    assert said(7) == said(7)
    assert said(7) != said(8)


def test_stages_follow_the_share_that_is_done():
    stages = [sentences.stage_of(percent) for percent in range(101)]
    assert stages == sorted(stages)
    assert set(stages) == set(STAGES)


def test_a_body_speaks_of_those_below_it():
    rng = Random(1)
    county = sentences.body_words("mass_organisation", "county")
    said = {sentences.log_text(rng, county, "志愿服务", stage=3) for _time in range(60)}
    assert any("乡镇（街道）组织" in text for text in said)
    assert not any("省级" in text for text in said)
    assert sentences.body_words("enterprise", "central") == sentences.ANY_BODY


def test_work_that_is_nearly_done_is_not_slow():
    rng = Random(1)
    last = {sentences.problem(rng, sentences.LAST_STAGE) for _time in range(60)}
    assert last == set(sentences.PROBLEMS)
    assert set(sentences.DELAYS) < {sentences.problem(rng, 2) for _time in range(60)}
