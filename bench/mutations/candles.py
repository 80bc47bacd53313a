"""Safeguards of past candles: nija/candles and the reader that it shares with the simulator."""

from __future__ import annotations

from bench.mutations.mutation import Mutation

_FILES = "tests/nija/candles/test_candle_files.py"
_SOURCES = "tests/nija/candles/test_candle_sources.py"
_STORE = "tests/nija/candles/test_candle_store.py"
_RECORDER = "tests/nija/candles/test_candle_recorder.py"

CANDLE_MUTATIONS = (
    Mutation(
        "a candle that is there twice is accepted",
        "brokers/candle_rows.py",
        "(steps == 0, ",
        "(steps == 0.5, ",
        (_FILES,),
    ),
    Mutation(
        "rows are checked within each block of a file alone",
        "nija/candles/files.py",
        "            after = int(columns[0][-1])\n",
        "",
        (f"{_FILES}::test_rows_are_read_and_checked_across_the_blocks_of_a_long_file",),
    ),
    Mutation(
        "candles of a longer interval pass for gaps",
        "nija/candles/files.py",
        "    if found is not None:\n        line",
        "    if False:\n        line",
        (f"{_FILES}::TestIntervals",),
    ),
    Mutation(
        "an unfinished candle is made from the last ones",
        "nija/candles/resampling.py",
        "slice(len(starts) if reaches_end else len(starts) - 1)",
        "slice(len(starts))",
        ("tests/nija/candles/test_resampling.py",),
    ),
    Mutation(
        "a simulator's candles mix with the exchange's own",
        "nija/candles/store.py",
        "return exchange if address == described(exchange).address else",
        "return exchange if address else",
        (_STORE,),
    ),
    Mutation(
        "a hole between two downloads is forgotten",
        "nija/candles/download.py",
        "if history.is_complete or first == begin else (first, first)",
        "if history.is_complete or first == begin else (first, wanted.since)",
        ("tests/nija/candles/test_candle_download.py::TestAnExchangeThatOffersOnlyTheLatest",),
    ),
    Mutation(
        "candles that could not be stored are forgotten",
        "nija/candles/recording.py",
        "        else:\n            self._stored[key]",
        "        finally:\n            self._stored[key]",
        (f"{_RECORDER}::test_a_store_that_cannot_be_written_is_logged_once_and_written_when_it_can",),
    ),
    Mutation(
        "a store that cannot be written ends a poll of the feed",
        "nija/candles/recording.py",
        "        except CandleError as error:\n",
        "        except KeyError as error:\n",
        (_RECORDER, "tests/nija/test_feed.py::TestRecording"),
    ),
    Mutation(
        "an idle poll of the feed writes to the store",
        "nija/feed.py",
        "if candles is not known and self._recorder is not None:",
        "if self._recorder is not None:",
        ("tests/nija/test_feed.py::TestRecording",),
    ),
    Mutation(
        "files that contradict each other are taken together",
        "nija/candles/sources.py",
        "            _check_agreement(other, one)\n",
        "            pass\n",
        (f"{_SOURCES}::TestTwoFilesOfTheSameCandles",),
    ),
)
