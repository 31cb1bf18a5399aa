"""The interface's catalogues: nothing missing in any language, nothing stale, nothing broken."""

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils.translation import gettext, override

from directives.management.commands import translations
from directives.management.commands.translations import Key


@pytest.fixture
def project(tmp_path, settings, monkeypatch):
    """A small project of its own, so that a test may write catalogues."""
    settings.BASE_DIR = tmp_path
    monkeypatch.setattr(translations, "LOCALE", tmp_path / "directives" / "locale")
    monkeypatch.setattr(
        translations, "WORDS_FILE", tmp_path / "directives" / "locale" / "zh_Hant.words.tsv"
    )
    (tmp_path / "directives").mkdir()
    (tmp_path / "templates").mkdir()
    (tmp_path / "directives" / "words.py").write_text(
        '_("Cadre")\npgettext("month", "May")\n', encoding="utf-8"
    )
    (tmp_path / "templates" / "page.html").write_text(
        (
            "{% load i18n %}\n   <p>it's \"\n {% blocktranslate count n=n %}"
            "{{ n }} row{% plural %}{{ n }} rows{% endblocktranslate %}"
        ),
        encoding="utf-8",
    )
    return tmp_path


def add(project, text):
    path = project / "add.tsv"
    path.write_text(text, encoding="utf-8")
    call_command("translations", add=[path])


def test_every_string_of_the_product_is_translated_and_compiled():
    assert translations.faults() == []


def test_the_running_program_sees_all_three_languages():
    with override("zh-hans"):
        assert str(gettext("Sign out")) == "退出登录"
    with override("zh-hant"):
        assert str(gettext("Sign out")) == "登出"
    with override("en"):
        assert str(gettext("Sign out")) == "Sign out"


def test_strings_are_found_with_their_places(project):
    assert translations.find_strings() == {
        Key("", "Cadre"): ["directives/words.py:1"],
        Key("month", "May"): ["directives/words.py:2"],
        Key("", "%(n)s row", "%(n)s rows"): ["templates/page.html:3"],
    }


def test_a_string_inside_an_f_string_is_found(project):
    (project / "directives" / "words.py").write_text(
        'row = f"<b>{gettext(\'Save\')}</b>"\n_lazy("Cadre")\n', encoding="utf-8"
    )
    assert list(translations.find_strings())[:2] == [Key("", "Save"), Key("", "Cadre")]


def test_what_is_missing_is_listed_with_its_place(project):
    add(project, "Cadre\t好干部\n")
    assert translations.faults() == [
        "directives/words.py:2: not translated: 'May' (context 'month')",
        "templates/page.html:3: not translated: '%(n)s row'",
    ]
    with pytest.raises(CommandError, match="2 faults"):
        call_command("translations", check=True)


def test_merging_makes_both_scripts_and_later_lines_win(project):
    add(project, "# a note\n\nCadre\t坏\n")
    add(project, "Cadre\t好干部\nMay\t五月\tmonth\n%(n)s row\t%(n)s 行\n")
    expected = {
        Key("", "Cadre"): "好干部",
        Key("month", "May"): "五月",
        Key("", "%(n)s row"): "%(n)s 行",
    }
    assert translations.read_catalogue("zh_Hans") == expected
    assert translations.read_compiled("zh_Hans") == expected
    assert translations.read_catalogue("zh_Hant")[Key("", "Cadre")] == "好幹部"
    assert translations.faults() == []


def test_an_interface_in_traditional_script_has_its_own_words_and_quotation_marks(project):
    (project / "directives" / "locale").mkdir()
    translations.WORDS_FILE.write_text(
        "# a note\n文件\t檔案\n政策文件\t政策文件\n第 %(line)s 行\t第 %(line)s 列\n”列\t”欄\n",
        encoding="utf-8",
    )
    hans = "第 %(line)s 行“导出”列：政策文件不是文件"
    made = translations.make_hant({Key("", "Row"): hans})
    assert made == {Key("", "Row"): "第 %(line)s 列「導出」欄：政策文件不是檔案"}


def test_a_line_whose_placeholders_differ_is_refused_and_the_others_are_kept(project):
    with pytest.raises(CommandError, match="placeholders differ"):
        add(project, "%(n)s row\t%(m)s 行\nCadre\t干部\n")
    assert translations.read_catalogue("zh_Hans") == {Key("", "Cadre"): "干部"}


def test_a_line_without_two_cells_is_refused(project):
    with pytest.raises(CommandError, match="add.tsv:1: expected"):
        add(project, "Cadre 干部\n")


def test_pruning_drops_what_nothing_uses(project):
    add(project, "Cadre\t干部\nGone\t已删\n")
    call_command("translations")
    assert Key("", "Gone") in translations.read_catalogue("zh_Hans")
    call_command("translations", prune=True)
    assert translations.read_catalogue("zh_Hans") == {Key("", "Cadre"): "干部"}


@pytest.mark.parametrize(
    ("entries", "fault"),
    [
        ({Key("", "Cadre"): "好乾部"}, "zh_Hans: 乾部 in '好乾部'"),
        (
            {Key("", "%(n)s row", "%(n)s rows"): "行"},
            "zh_Hans: placeholders differ: '%(n)s row' and '行'",
        ),
    ],
)
def test_a_bad_catalogue_is_a_fault(project, entries, fault):
    translations.write_catalogue("zh_Hans", entries)
    assert fault in translations.faults()


def test_a_stale_catalogue_is_a_fault(project):
    add(project, "Cadre\t干部\nMay\t五月\tmonth\n%(n)s row\t%(n)s 行\n")
    compiled = translations.catalogue_path("zh_Hans", "mo").read_bytes()
    add(project, "Cadre\t领导干部\n")
    assert translations.faults() == []
    translations.catalogue_path("zh_Hans", "mo").write_bytes(compiled)
    assert translations.faults() == [
        "zh_Hans: django.mo is older than django.po; run manage.py translations"
    ]


def test_chinese_in_the_english_is_a_fault(project):
    (project / "directives" / "words.py").write_text('_("干部")\n', encoding="utf-8")
    add(project, "干部\t干部\n%(n)s row\t%(n)s 行\n")
    assert translations.faults() == ["directives/words.py:1: English holds Chinese: '干部'"]


def test_without_babel_the_command_says_what_to_install(monkeypatch):
    monkeypatch.setattr(translations, "Catalog", None)
    with pytest.raises(CommandError, match="pip install -r tests/requirements.txt"):
        call_command("translations")
