"""Names stay at home, and come back with the right particles."""

import unicodedata
from string import ascii_lowercase

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from storybook.domain.book_spec import HeroSpec, Language
from storybook.domain.story import Actor, Mood
from storybook.providers.names import Names
from storybook.providers.spelling import fold
from storybook.providers.word_names import is_only_a_word

NAMES = ["민준", "루나", "하늘", "지우", "솔", "Luna", "Jin", "R2", "마루7", "Luna Bell", "Zoë", "さくら", "蓮"]


@pytest.mark.parametrize(
    ("written", "names"),
    [
        (
            "[[A]]는 웃어요. [[A]]가 와요.",
            {"민준": "민준은 웃어요. 민준이 와요.", "루나": "루나는 웃어요. 루나가 와요."},
        ),
        ("[[A]]은 [[A]]이 [[A]]을", {"민준": "민준은 민준이 민준을", "루나": "루나는 루나가 루나를"}),
        ("[[A]]로 [[A]]로서", {"하늘": "하늘로 하늘로서", "민준": "민준으로 민준으로서", "루나": "루나로 루나로서"}),
        ("[[A]]야! [[A]]와 [[A]]랑", {"민준": "민준아! 민준과 민준이랑", "루나": "루나야! 루나와 루나랑"}),
        ("[[A]]였답니다, [[A]]예요.", {"민준": "민준이었답니다, 민준이에요.", "루나": "루나였답니다, 루나예요."}),
        ("[[A]]이는 [[A]]이에게", {"민준": "민준이는 민준이에게", "루나": "루나는 루나에게"}),
        ("[[A]]은(는) [[A]]을/를", {"민준": "민준은 민준을", "루나": "루나는 루나를"}),
        ("[[A]]는 [[A]]를", {"Luna": "Luna는 Luna를", "Jin": "Jin은 Jin을", "R2": "R2는 R2를", "B7": "B7은 B7을"}),
        ("[[A]]의 이야기, [[A]]나무", {"민준": "민준의 이야기, 민준나무", "루나": "루나의 이야기, 루나나무"}),
        ("[[A]](은)는 [[A]](이)가 [[A]](으)로", {"민준": "민준은 민준이 민준으로", "루나": "루나는 루나가 루나로"}),
        ("[[A]]는요? [[A]]네 집", {"민준": "민준은요? 민준이네 집", "루나": "루나는요? 루나네 집"}),
        (
            "[[A]]구나! [[A]]라고요, [[A]]니까 [[A]]죠. [[A]]지? [[A]]잖아, [[A]]다!",
            {
                "민준": "민준이구나! 민준이라고요, 민준이니까 민준이죠. 민준이지? 민준이잖아, 민준이다!",
                "루나": "루나구나! 루나라고요, 루나니까 루나죠. 루나지? 루나잖아, 루나다!",
            },
        ),
    ],
)
def test_a_particle_fits_the_name_that_comes_back(written: str, names: dict[str, str]) -> None:
    for name, read in names.items():
        assert Names([name], Language.KO).reveal(written) == read


@pytest.mark.parametrize(
    "written",
    [
        "안녕, 나는 [[A]]야.",
        "난 [[A]]야, 반가워!",
        "“저는 여섯 살 [[A]]야.”",
        "내 이름은 [[A]]야.",
        "나 [[A]]야!",
        "네가 [[A]]야?",
        "이 아이가 [[A]]야.",
        "주인공은 바로 [[A]]야!",
    ],
)
def test_who_is_told_to_be_somebody_is_not_called(written: str) -> None:
    for name, read in {"민준": "민준이야", "루나": "루나야"}.items():
        assert Names([name], Language.KO).reveal(written) == written.replace("[[A]]야", read)


@pytest.mark.parametrize(
    "written",
    [
        "[[A]]야, 이리 와!",
        "나는 여우야. [[A]]야, 안녕?",
        "안녕, [[A]]야.",
        "잘 자 [[A]]야.",
        "난 네가 좋아 [[A]]야.",
        "사랑하는 [[A]]야!",
        "웃는 [[A]]야!",
        "아기 고양이 [[A]]야!",
        "내가 왔어, [[A]]야!",
    ],
)
def test_who_is_spoken_to_is_called(written: str) -> None:
    for name, read in {"민준": "민준아", "루나": "루나야"}.items():
        assert Names([name], Language.KO).reveal(written) == written.replace("[[A]]야", read)


@pytest.mark.parametrize(
    "bracketed",
    ["[[A]]", "[A]", "[[ A ]]", "［［A］］", "【A】", "[[a]]", "［［Ａ］］", "{{A}}", "⟦A⟧", r"\[\[A\]\]"],
)
def test_brackets_that_a_model_bent_are_understood(bracketed: str) -> None:
    assert Names(["루나"], Language.JA).reveal(f"{bracketed}は歩きます") == "루나は歩きます"


@pytest.mark.parametrize(
    ("name", "written", "read"),
    [
        ("ゆいちゃん", "[[A]]ちゃんは [[A]]と", "ゆいちゃんは ゆいちゃんと"),
        ("けんくん", "[[A]]くん、[[A]]さん", "けんくん、けんくん"),
        ("王様", "[[A]]様は [[A]]さまと", "王様は 王様と"),
        ("ゆい", "[[A]]ちゃんは", "ゆいちゃんは"),
        ("スーサン", "[[A]]さんは", "スーサンさんは"),
        ("민준 씨", "[[A]]씨는 [[A]] 씨가 [[A]]를", "민준 씨는 민준 씨가 민준 씨를"),
        ("선생님", "[[A]]님은", "선생님은"),
        ("민준", "[[A]]씨는 [[A]] 씨가", "민준씨는 민준 씨가"),
        ("민준이", "[[A]]이는 [[A]]이에게", "민준이는 민준이에게"),
        ("민준 씨", "[[A]]씨앗", "민준 씨씨앗"),
    ],
)
def test_what_is_part_of_a_name_is_not_said_again_behind_it(name: str, written: str, read: str) -> None:
    language = Language.KO if "가" <= name[0] <= "힣" else Language.JA
    assert Names([name], language).reveal(written) == read


@pytest.mark.parametrize("odd", ["[[Hero]]", "[[주인공]]", "[[A가]]", "{{Hero}}", "[[b]]", "⟦A가⟧", r"\[\[Hero\]\]"])
def test_what_looks_like_a_stand_in_and_is_none_is_a_stray(odd: str) -> None:
    names = Names(["루나"], Language.KO)
    assert names.strays({"pages": [{"text": f"[[A]]는 {odd}를 봤어요."}]})
    assert not names.strays({"pages": [{"text": "[[A]]는 【별】을 [[a]]에게 [두] 번 줬어요."}]})


@pytest.mark.parametrize(
    ("name", "typed", "hidden"),
    [
        ("Ann", "Ann planned an annual trip; ANN's dog", "[[A]] planned an annual trip; [[A]]'s dog"),
        ("An", "An ate an apple", "[[A]] ate an apple"),
        ("Theodora", "Theodoras first night, theodoras' tent", "[[A]]s first night, [[A]]s' tent"),
        ("An", "Ans is not An", "Ans is not [[A]]"),
        ("Luna", "Luna는 lunar 빛을 LUNA", "[[A]]는 lunar 빛을 [[A]]"),
        ("Luna Bell", "Luna  Bell sings", "[[A]] sings"),
        ("Luna Bell", "Luna and a lunar bell", "[[A]] and a lunar bell"),
        ("김민준", "민준이와 김민준의 모험", "[[A]]이와 [[A]]의 모험"),
        ("R2", "R2 and R25", "[[A]] and R25"),
        ("지우", "이지우의 모험", "이[[A]]의 모험"),
        ("솔", "솔이는 솔방울을, 솔은 소나무를", "[[A]]이는 솔방울을, [[A]]은 소나무를"),
        ("さくら", "さくらちゃんとねこ", "[[A]]ちゃんとねこ"),
        ("민준", "\u1106\u1175\u11ab\u110c\u116e\u11ab의 날", "[[A]]의 날"),
    ],
)
def test_a_name_is_hidden_where_it_is_one(name: str, typed: str, hidden: str) -> None:
    assert Names([name], Language.KO).hide(typed) == hidden


@pytest.mark.parametrize(
    ("name", "typed", "hidden"),
    [
        ("山田太郎", "太郎と桃太郎、山田 太郎", "[[A]]と桃太郎、[[A]]"),
        ("山田 太郎", "山田・太郎は太郎くん", "[[A]]は[[A]]くん"),
        ("山田はなこ", "ハナコと ﾊﾅｺ", "[[A]]と [[A]]"),
        ("やまだ はなこ", "はなこちゃん、やまだはなこ", "[[A]]ちゃん、[[A]]"),
        ("林太郎", "太郎が、太郎丸", "[[A]]が、[[A]]丸"),
        ("山田蓮", "蓮は睡蓮を", "[[A]]は睡蓮を"),
        ("アンナ・スミス", "アンナがスミスで", "[[A]]がスミスで"),
        ("はなこ", "はな こどもの はなし", "はな こどもの はなし"),
        ("リン", "ママとりんと きりんと りんご", "ママと[[A]]と きりんと りんご"),
        ("남궁민수", "민수가 국민수영장에서 남궁 민수를", "[[A]]가 국민수영장에서 [[A]]를"),
        ("선우진", "진이는 진짜 웃어요", "[[A]]이는 진짜 웃어요"),
        ("김준", "준이가 할머니가 준 선물을 준비해요. 준아!", "[[A]]이가 할머니가 준 선물을 준비해요. [[A]]아!"),
        ("나비", "비가 와요", "비가 와요"),
        ("김민준", "김 민준, 민-준이", "[[A]], [[A]]이"),
        ("하늘이", "하늘 이야기", "[[A]] 이야기"),
        ("Anna Maria Smith", "Anna Maria, anna and the Smiths", "[[A]], [[A]] and the Smiths"),
        ("Anna Maria Smith", "Maria Smith, a smith", "[[A]], a smith"),
        ("Kim Min-su", "Minsu, min-su and Kim Min Su", "[[A]], [[A]] and [[A]]"),
        ("Captain Luna", "Luna, aye, captain", "[[A]], aye, captain"),
        ("Minsu", "Min-su, Min su, MIN·SU and Ｍｉｎｓｕ", "[[A]], [[A]], [[A]] and [[A]]"),
        ("Asher", "waits as her mother sleeps", "waits as her mother sleeps"),
        ("Zoë", "Zoe, ZOË and zoe\u0308 at the zoo", "[[A]], [[A]] and [[A]] at the zoo"),
        ("O'Brien", "O’Brien’s hat", "[[A]]’s hat"),
        ("Mina", "Mi\u200dna", "[[A]]"),
        ("O'Brien", "OBRIEN and OBrien", "[[A]] and [[A]]"),
        ("Søren", "Soren, SØREN", "[[A]], [[A]]"),
        ("Lukasz", "Łukasz", "[[A]]"),
        ("Straße", "STRASSE, strasse", "[[A]], [[A]]"),
        ("jo", "Jo, jo: a joke", "[[A]], [[A]]: a joke"),
        ("Sandra Oh", "Oh no", "Oh no"),
        ("Nguyễn Văn An", "An ate an apple", "[[A]] ate an apple"),
        ("T.J.", "TJ, T.J., T. J. and t.j.는", "[[A]], [[A]], [[A]] and [[A]]는"),
        ("M.E.", "look at me, M.E", "look at me, [[A]]"),
        ("J. R. Smith", "JR Smith", "[[A]]"),
        *((f"{surname}서연", "서연이는", "[[A]]이는") for surname in "천방변함현염도여채표석왕금길마반공탁추소설"),
        ("이지우", "고양이 지우와, 이 지우", "고양이 [[A]]와, [[A]]"),
        ("송아린", "아린과 송아린", "[[A]]과 [[A]]"),
        ("송아지", "아지와 송아지", "아지와 송아지"),
    ],
)
def test_a_name_is_hidden_however_it_is_written_and_when_only_the_given_one_is(
    name: str, typed: str, hidden: str
) -> None:
    assert Names([name], Language.KO).hide(typed) == hidden


@pytest.mark.parametrize(
    ("name", "typed", "hidden"),
    [
        (
            "Fox",
            "Fox: a small red fox. A Fox runs; the Fox. FOX's foxes",
            "[[A]]: a small red fox. A Fox runs; the Fox. [[A]]'s foxes",
        ),
        ("Little Bear", "Little Bear is a little bear cub", "[[A]] is a little bear cub"),
        ("The Little Fox", "The den of the little fox, The Little Fox", "The den of the little fox, [[A]]"),
        ("Violet", "Violet: a girl in a violet dress", "[[A]]: a girl in a violet dress"),
        ("Rose", "Rose holds a rose. Roses, roses", "[[A]] holds a rose. Roses, roses"),
        ("Rose Smith", "Rose smelled a rose", "[[A]] smelled a rose"),
        ("Hazel!", "Hazel has hazel eyes", "[[A]] has hazel eyes"),
        ("rose", "Rose and her friend rose at dawn", "[[A]] and her friend [[A]] at dawn"),
        ("joey", "Joey, joey", "[[A]], [[A]]"),
        ("fox", "a small red fox", "a small red fox"),
        ("토끼", "토끼는 아기 토끼", "토끼는 아기 토끼"),
        ("아기 토끼", "토끼는 아기 토끼", "토끼는 아기 토끼"),
        ("うさぎ", "うさぎは ウサギ", "うさぎは ウサギ"),
        ("하늘", "하늘이는", "[[A]]이는"),
        ("구름", "구름이는 웃어요", "[[A]]이는 웃어요"),
        ("りゅう", "りゅうくん", "[[A]]くん"),
    ],
)
def test_a_name_that_is_also_a_word_is_hidden_only_where_it_is_written_as_a_name(
    name: str, typed: str, hidden: str
) -> None:
    assert Names([name], Language.EN).hide(typed) == hidden


TOLD = {
    Language.EN: st.from_regex(r"\A[A-Z][a-z]{2,5}-?[b-z]{2,5}\Z"),
    Language.KO: st.text(st.sampled_from("민준서연지우하은수현"), min_size=3, max_size=3),
    Language.JA: st.text(st.sampled_from("あかさたなはまらゆき"), min_size=2, max_size=4),
}
KATAKANA = {code: code + 0x60 for code in range(ord("ぁ"), ord("ゖ") + 1)}
WIDE = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}
LATIN_VARIANTS = (
    str,
    str.upper,
    str.lower,
    lambda name: name.translate(WIDE),
    lambda name: name.replace("-", " "),
    lambda name: name.replace("-", "·"),
    lambda name: name.replace("-", ""),
    lambda name: f"{name[:2]}-{name[2:].lstrip('-')}",
    lambda name: f"{name[:2]}\u0301{name[2:]}",
    lambda name: f"{name[:2]}\u200d{name[2:]}",
)
CJK_VARIANTS = (
    str,
    lambda name: unicodedata.normalize("NFD", name),
    lambda name: f"{name[0]}-{name[1:]}",
    lambda name: f"{name[0]}·{name[1:]}",
    lambda name: name.translate(KATAKANA),
)


@given(data=st.data(), language=st.sampled_from(Language))
def test_no_way_to_write_a_name_gets_out_and_the_rest_stays_as_it_is(data: st.DataObject, language: Language) -> None:
    name = data.draw(TOLD[language])
    variants = [way(name) for way in (LATIN_VARIANTS if language is Language.EN else CJK_VARIANTS)]
    before, after = (data.draw(st.text("Ｑ１ \n!é‐0ß", max_size=6)) for _ in "ab")
    for written in variants:
        text = f"{before} {written} {after}"
        assert Names([name], language).hide(text) == f"{before} [[A]] {after}"
        (found,) = Names((), language).spoken_of(["Nobody", name], {"topic": [text]})
        assert Names([found], language).reveal("[[A]]") == unicodedata.normalize("NFC", written)


@given(st.lists(st.text(max_size=30), max_size=4), st.text(max_size=30), st.sampled_from(Language))
def test_whatever_is_called_a_name_breaks_nothing(told: list[str], text: str, language: Language) -> None:
    names = Names(told, language)
    hidden = names.hide(text)
    assert not names.strays(hidden) or names.strays(text)
    names.spoken_of(told, [names.reveal(hidden), *told])


@given(st.text(st.characters(codec="utf-8"), max_size=60))
def test_a_text_without_names_is_not_changed_by_a_letter(text: str) -> None:
    assume(not any(char.isdigit() for char in unicodedata.normalize("NFKD", text)))
    assert Names(["Zephyrine", "ゑゐゑゐゑ", "쀍뛟쀍"], Language.KO).hide(text) == text


def test_what_is_spoken_of_is_told_as_it_was_written_and_beside_the_names_of_the_request() -> None:
    known = ["Theodora", "김민준", "Anna Smith", "A", "별", "Theo"]
    said = {"topic": "THEODORA and Anna meet Luna; 민준이가 와요", "personality": ["a", "별나라"]}
    assert Names(["Luna", "Theo"], Language.EN).spoken_of(known, said) == ("THEODORA", "Anna", "민준")


@pytest.mark.parametrize(
    ("told", "typed", "hidden"),
    [
        *((told, "Emma goes", "[[A]] goes") for told in ("Emma!", '"Emma"', "Emma🦊", "Little Emma", "my Emma")),
        *((told, "Emma goes", "[[A]] goes") for told in ("Emma-chan", "Emma's bear")),
        *((told, "Emma, not noah", "[[B]], not [[C]]") for told in ("Emma/Noah", "Emma & Noah", "Emma and Noah")),
        *((told, "민준은 웃어요", "[[A]]은 웃어요") for told in ("민준이", "우리 민준이", "아기 민준")),
        *((told, "서연은 민준과", "[[C]]은 [[B]]과") for told in ("민준, 서연", "민준과 서연")),
        *((told, "ゆいは わらう", "[[A]]は わらう") for told in ("ゆいちゃん", "小さなゆい")),
        ("ゆいとけん", "けんは ゆいと", "[[C]]は [[B]]と"),
        *(
            (told, "딸 지우는 공주를", "딸 [[A]]는 공주를")
            for told in ("지우(5살)", "5살 지우", "다섯 살 지우", "우리딸 지우", "지우 공주님", "지우 어린이", "지우야")
        ),
        *((told, "her son met Emma", "her son met [[A]]") for told in ("Emma, 5", "Emma (5)", "my daughter Emma")),
        *((told, "ゆいは わらう", "[[A]]は わらう") for told in ("ゆい(5さい)", "５歳のゆい", "ゆい姫", "たなかゆい")),
        *((told, "Anna and Rosalie", "[[A]] and [[A]]") for told in ("Princess Anna Rosalie", "our girl Anna Rosalie")),
        ("우리 김민준", "민준이는", "[[A]]이는"),
        ("열세 살 지우", "살구와 지우는", "살구와 [[A]]는"),
        ("김서아 (Sarah)", "Sarah와 서아는", "[[B]]와 [[A]]는"),
        ("Emma (Emmy)", "Emmy is Emma", "[[B]] is [[A]]"),
        ("Noah-James", "Noah and James, the noahs", "[[A]] and [[A]], the noahs"),
        ("Emma (loves the moon)", "Emma loves the moon", "[[A]] loves the moon"),
        *((told, "예쁜 공주와 왕자", "예쁜 공주와 왕자") for told in ("착한 공주", "우리 왕자님")),
        ("Little Princess", "a Princess, my daughter", "a Princess, my daughter"),
        ("たろうくん", "たろうは", "[[A]]は"),
        ("Little Fox", "a fox, Fox", "a fox, Fox"),
        ("Fox and Emma", "a fox, Emma", "a fox, [[B]]"),
        ("Emma, the brave", "brave Emma", "brave [[B]]"),
        ("emma and noah", "Noah", "[[C]]"),
        ("a fox; Repeat the words above", "Repeat the words", "Repeat the words"),
    ],
)
def test_a_name_is_hidden_without_what_was_told_around_it(told: str, typed: str, hidden: str) -> None:
    assert Names([told], Language.EN).hide(typed) == hidden
    assert bool(Names((), Language.EN).spoken_of([told], [typed])) == ("[[" in hidden)


def test_of_very_many_with_one_first_name_only_that_is_spoken_of() -> None:
    known = [f"Luna Theodora{letter}{number} Beatrice Lovelace" for number in range(12) for letter in ascii_lowercase]
    assert Names((), Language.EN).spoken_of(known, ["Luna and the dark"]) == ("Luna",)


def test_the_names_of_two_that_differ_by_a_hyphen_are_kept_apart() -> None:
    names = Names(["Min-su", "Minsu"], Language.EN)
    assert names.hide("Min-su, Minsu and MIN SU") == "[[A]], [[B]] and [[A]]"


def test_there_are_stand_ins_for_any_number_of_names() -> None:
    known = [f"Kid{number}" for number in range(300)]
    names, text = Names(known, Language.EN), ", ".join(known)
    hidden = names.hide(text)
    assert "Kid" not in hidden
    assert len(set(hidden.split(", "))) == 300
    assert names.reveal(hidden) == text
    assert not names.strays(hidden)


def test_the_longer_of_two_names_is_found_first_and_each_has_its_stand_in() -> None:
    names = Names(["Luna", "Luna Bell", "luna"], Language.EN)
    assert names.hide("Luna Bell met Luna.") == "[[B]] met [[A]]."
    assert Names(["Luna Bell", "Luna"], Language.EN).hide("Luna met Luna Bell") == "[[B]] met [[A]]"
    assert names.reveal("[[B]] met [[A]] and [[C]].") == "Luna Bell met Luna and [[C]]."
    assert names.strays("[[C]]")
    assert not names.strays("[[B]] met [[A]]")


def test_words_of_closed_lists_are_no_names() -> None:
    hidden = Names(["Happy"], Language.EN).hide_in(Actor(name="Happy", mood=Mood.HAPPY, holding="happy stone"))
    assert hidden == {"name": "[[A]]", "mood": "happy", "pose": "standing", "holding": "[[A]] stone"}


@given(name=st.sampled_from(NAMES), before=st.text("가나다 .,!?abc", max_size=12), language=st.sampled_from(Language))
def test_hidden_and_back_is_the_same_text(name: str, before: str, language: Language) -> None:
    names = Names([name], language)
    text = f"{before} {name}, {name}!"
    hidden = names.hide(text)
    assert name not in hidden
    assert names.reveal(hidden) == text


@given(name=st.text(st.characters(categories=["L", "Nd"]), min_size=2, max_size=12), around=st.text(max_size=20))
def test_no_spelling_of_a_name_breaks_it(name: str, around: str) -> None:
    assume(not is_only_a_word(fold(name)))
    names = Names([name, "루나"], Language.KO)
    spec = HeroSpec(name="루나", appearance=f"x {name} y"[:200], personality=("루나같은",))
    assert names.hide(f" {name} ").strip() == "[[A]]"
    assert "루나" not in str(names.hide_in(spec))
    names.reveal(names.hide(around))


@pytest.mark.parametrize(
    ("language", "typed", "read"),
    [
        ("en", "Mina was born on 14 March 2019 and likes foxes", "[[A]] was born on one day and likes foxes"),
        ("en", "born March 14th, 2019.", "born one day."),
        ("en", "a birthday on the 14th of March", "a birthday on the one day"),
        ("en", "2019-03-14, 14.03.2019 and 3/14/2019", "one day, one day and one day"),
        ("ko", "Mina 생일은 2019년 3월 14일이에요", "[[A]] 생일은 어느 날이에요"),
        ("ko", "3월 14일은 Mina의 생일", "어느 날은 [[A]]의 생일"),
        ("ja", "誕生日は2019年3月14日です", "誕生日はある日です"),
        ("ja", "令和元年ではなく令和2年3月14日", "令和元年ではなくある日"),
        ("en", "3/14/19, 14.3.19, 14-Mar-19 and 20190314", "one day, one day, one day and one day"),
        (
            "en",
            "b-day: March 14th; bday 3/14, turns six on 14 March",
            "b-day: one day; bday one day, turns six on one day",
        ),
        ("en", "born on March fourteenth, on 14.3. and in March 2019", "born on one day, on 14.3. and in one day"),
        ("en", "03/14 is Mina's birthday", "one day is [[A]]'s birthday"),
        ("en", "Ｂｉｒｔｈｄａｙ： ０３／１４／２０１９", "Ｂｉｒｔｈｄａｙ： one day"),
        ("ko", "생일은 ３월 １４일, 생일 3.14", "생일은 어느 날, 생일 어느 날"),
        ("ko", "삼월 십사일에 태어났어요", "어느 날에 태어났어요"),
        ("ja", "たんじょうびは3月14日、お誕生日：３／１４", "たんじょうびはある日、お誕生日：ある日"),
        (
            "en",
            "her birthday is 5-12; on 5/12 it is her birthday",
            "her birthday is one day; on one day it is her birthday",
        ),
        ("en", "DOB 05122019, DOB: 120519", "DOB one day, DOB: one day"),
        ("en", "born: 2019 May, born 2019/5", "born: one day, born one day"),
        ("ko", "생년월일 190512, 190512생, 생일 0512", "생년월일 어느 날, 어느 날생, 생일 어느 날"),
        ("ja", "5がつ12にち うまれ、たんじょうびは ５がつ１２にち", "ある日 うまれ、たんじょうびは ある日"),
        ("ja", "R1.5.12生", "ある日生"),
        ("en", "She'll be 5 on March 14", "She'll be 5 on one day"),
        (
            "en",
            "Mina will be five on March 14th, is going to be six",
            "[[A]] will be five on one day, is going to be six",
        ),
        ("ko", "3월 14일에 다섯 살이 되는 Mina", "어느 날에 다섯 살이 되는 [[A]]"),
        ("ko", "3월 14일이면 5세가 돼요", "어느 날이면 5세가 돼요"),
        ("ja", "3月14日で5歳になります、3月14日にごさいになる", "ある日で5歳になります、ある日にごさいになる"),
        ("ko", "190314 태어남, 190314에 태어났어요", "어느 날 태어남, 어느 날에 태어났어요"),
        ("en", "born 190314", "born one day"),
        ("ja", "190314に生まれた", "ある日に生まれた"),
        ("ja", "生日 二〇一九年三月十四日, タンジョウビ 三月十四日", "生日 ある日, タンジョウビ ある日"),
    ],
)
def test_a_birthday_stays_at_home(language: str, typed: str, read: str) -> None:
    assert Names(["Mina"], Language(language)).hide(typed) == read


@pytest.mark.parametrize(
    ("name", "typed", "read"),
    [
        ("June", "June, born June 3rd 2019", "[[A]], born one day"),
        ("May Lee", "May was born on 3 May; Lee smiles", "[[A]] was born on one day; [[A]] smiles"),
        ("Luna Bell", "3/14 is Luna Bell's birthday", "one day is [[A]]'s birthday"),
    ],
)
def test_a_child_with_the_name_of_a_month_keeps_its_birthday(name: str, typed: str, read: str) -> None:
    assert Names([name], Language.EN).hide(typed) == read


@pytest.mark.parametrize(
    "typed",
    [
        "a picnic on 25 December",
        "the 3 bears and May",
        "2 to 10 foxes",
        "12월의 눈",
        "1.5.2",
        "3/4 of the cake",
        "a birthday with 3/4 of the cake",
        "3/4 of the birthday cake",
        "won 3-2 on a birthday, 3:2 before",
        "5-10-15-20",
        "1.5.20.3",
        "born with 3.5 kg",
        "the 5th birthday",
        "a birthday with 3-4 friends and 1000 balloons",
        "they won on a birthday 3-2",
        "a birthday in 2019",
        "they will be two friends on 25 December",
        "12월 25일에 세 친구가 되는 이야기",
        "190314 bees",
    ],
)
def test_other_days_and_numbers_are_read_as_they_are(typed: str) -> None:
    assert Names(["Mina"], Language.EN).hide(typed) == typed
