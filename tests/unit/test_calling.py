"""What stands where a name should be is a name, or words that have to be judged like any others."""

import pytest

from storybook.domain.calling import is_called, people_in


@pytest.mark.parametrize(
    "name",
    [
        *("Luna", "Will", "May", "Zoë", "R2", "Min-su", "Jean-Luc", "O’Neil", "Anna Maria Lovelace", "J. R. Smith"),
        *("민수", "김민준", "남궁민수", "김 민수", "하늘", "유라", "알렉산드라", "마루7"),
        *("はるか", "さくら", "ハルカ", "山田 太郎", "しんのすけ", "アレクサンドラ", "蓮"),
        *("Maria de la Cruz", "Nguyễn Thị Minh Anh", "Nguyễn Văn An", "Ana María López García"),
        *(
            "Emma!",
            "Emma 5",
            "Emma 🦊",
            '"Emma"',
            "my Emma",
            "Emma's bear",
            "Smith, Emma",
            "Emma and Noah",
            "Emma/Noah",
        ),
        *("my daughter Emma", "Emma, 5", "지우(5살)", "ゆい（5さい）", "Emma (Emmy)"),
        *("김크리스토퍼", "우리 민준이", "민준과 서연", "ましろ", "マリア テレサ スミス", "ゆいとけん"),
    ],
)
def test_a_name_is_a_name(name: str) -> None:
    assert is_called(name)


@pytest.mark.parametrize(
    "words",
    [
        *(
            "Nobody loves you fatty",
            "Kill you stupid bitch",
            "Uncle Joe touches me there",
            "Never tell mummy our secret",
        ),
        *("Your Mother Hates You", "Uncle Joe touches Emma there", "Nobody, Loves, You", "Emma and kill them", "Kill!"),
        *("my daughter hates you", "Emma (kill them)", "my son Emma die"),
        *("every child has to go", "stab emma with scissors", "Emma, Noah, Mia, Fatty, Stupid", "my stupid bitch"),
        *("모두, 너를 죽인다", "오늘 밤 죽여 버리자", "オマエ コロス シネ", "べんきょうしろ"),
        *("kill them", "You are bad", "look! http", "call 010-1234-5678", "a b c d", "", "x" * 21),
        *("엄마는 너를 미워해요", "너는 죽어요", "너를 죽인다", "죽었다", "말하지마", "모두를 죽여 버리자"),
        *("おまえを ころす", "みんなを", "ころします", "おまえはしね"),
    ],
)
def test_a_sentence_is_not(words: str) -> None:
    assert not is_called(words)


@pytest.mark.parametrize(
    ("told", "people"),
    [
        *((told, ["Emma"]) for told in ("Emma.", "“Emma”", "Emma🦊", "Little Emma", "my Emma", "Emma-chan", "Emma 5!")),
        *((told, ["Emma", "Noah"]) for told in ("Emma/Noah", "Emma & Noah", "Emma, little Noah", "Emma and Noah")),
        *((told, ["민준"]) for told in ("민준이", "우리 민준이", "아기 민준", "민준 씨")),
        *((told, ["민준", "서연"]) for told in ("민준, 서연", "민준과 서연", "민준이와 서연이", "민준이랑 서연")),
        *((told, ["ゆい"]) for told in ("ゆいちゃん", "小さなゆい", "ゆい！")),
        ("ゆいとけん", ["ゆい", "けん"]),
        *((told, ["Emma", "Emmy"]) for told in ("Emma (Emmy)", "Emma (Emmy, 5)", "my daughter Emma (Emmy)")),
        *((told, ["지우"]) for told in ("우리딸 지우", "지우(5살)", "지우 왕자님", "지우야")),
        *((name, [name]) for name in ("공주", "마야", "윤아", "Son", "王子", "행복한 왕자", "슬픈 공주")),
        ("たろうくん", ["たろう"]),
        ("Emma's bear", ["Emma"]),
        *(
            (name, [name])
            for name in ("지우", "나비이", "Jean-Luc", "R2", "ひとみ", "Maria de la Cruz", "蓮", "O'Neil")
        ),
        ("!?", []),
    ],
)
def test_the_people_in_a_name_are_told_as_a_text_would_call_them(told: str, people: list[str]) -> None:
    assert list(people_in(told)) == people
