"""What stands where a name should be is a name, or words that have to be judged like any others."""

import pytest

from storybook.domain.calling import is_called


@pytest.mark.parametrize(
    "name",
    [
        *("Luna", "Will", "May", "Zoë", "R2", "Min-su", "Jean-Luc", "O’Neil", "Anna Maria Lovelace", "J. R. Smith"),
        *("민수", "김민준", "남궁민수", "김 민수", "하늘", "유라", "알렉산드라", "마루7"),
        *("はるか", "さくら", "ハルカ", "山田 太郎", "しんのすけ", "アレクサンドラ", "蓮"),
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
        *("kill them", "You are bad", "look! http", "call 010-1234-5678", "a b c d", "", "x" * 21),
        *("엄마는 너를 미워해요", "너는 죽어요", "너를 죽인다", "죽었다", "말하지마", "모두를 죽여 버리자"),
        *("おまえを ころす", "みんなを", "ころします", "おまえはしね"),
    ],
)
def test_a_sentence_is_not(words: str) -> None:
    assert not is_called(words)
