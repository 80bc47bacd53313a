"""Texts become messages that Telegram accepts, whatever is in them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from nija.telegram.markup import LONGEST, bold, length, messages, plain
from tests.nija.telegram.bot_api import problem_with

LINES = st.text(st.characters(codec="utf-8", exclude_characters="\n"), max_size=30)


@given(st.lists(st.tuples(LINES, LINES, st.sampled_from([1, 1, 1, 400])), min_size=1, max_size=12))
def test_every_message_is_short_enough_and_its_markup_is_whole(parts: list[tuple[str, str, int]]) -> None:
    blocks = [f"{bold(head + '.')}\n{plain(body * times)}" for head, body, times in parts]
    for message in messages(blocks):
        assert length(message) <= LONGEST
        assert problem_with(message) == ""


def test_blocks_stay_together_while_they_fit() -> None:
    assert messages(["one", "two"]) == ("one\n\ntwo",)
    long = "x" * (LONGEST - 3)
    assert messages(["one", long, "two"]) == ("one", long, "two")


def test_a_block_that_is_too_long_is_divided_between_its_lines() -> None:
    line = "x" * 1000
    assert messages(["\n".join([line] * 5)]) == ("\n".join([line] * 4), line)


def test_signs_outside_the_first_plane_count_twice() -> None:
    assert length("🛑") == 2
    (message, *_) = messages(["🛑" * LONGEST])
    assert length(message) <= LONGEST


def test_a_command_that_nija_names_is_the_one_to_send_here() -> None:
    assert plain("run: nija resume kraken:master") == "run: /resume kraken:master"
    assert plain("see nija status, then nija stop-trading") == "see /status, then /stop"
    assert plain("nija doctor finds it; nija.log tells it") == "nija doctor finds it; nija.log tells it"


def test_what_people_write_is_never_markup() -> None:
    assert plain("<a href='x'>1 & 2</a>") == "&lt;a href='x'&gt;1 &amp; 2&lt;/a&gt;"
