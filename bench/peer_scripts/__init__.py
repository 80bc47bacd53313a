"""The same rule in each of the programs that bench/peers.py compares. Each runs in a process, and most not in ours.

Breakout 20/10: enter at the open after a close above the highest high of the 20 candles before it; the stop, fixed,
3 ATR(20) under that close; exit at the open after a close below the lowest low of the 10 candles before it.

Each is called with the files of candles, prints its report, and then `{"seconds": CPU of signals and trading, "trades":
…, "candles": …}`.
"""
