from __future__ import annotations

from nija.log.change_filter import ChangeFilter


def test_a_reason_is_news_once_and_again_when_it_changes() -> None:
    reasons = ChangeFilter()
    told = [reasons.is_news("BTC/USD", reason) for reason in ("fee gate", "fee gate", "exposure", "fee gate")]
    assert told == [True, False, True, True]


def test_topics_do_not_hide_each_other() -> None:
    reasons = ChangeFilter()
    assert reasons.is_news("BTC/USD", "fee gate")
    assert reasons.is_news("ETH/USD", "fee gate")


def test_a_settled_topic_is_news_when_it_comes_back() -> None:
    reasons = ChangeFilter()
    reasons.is_news("BTC/USD", "fee gate")
    assert reasons.clear("BTC/USD")
    assert not reasons.clear("BTC/USD")
    assert reasons.is_news("BTC/USD", "fee gate")
