"""A strategy on past candles, with the daemon's own signals, sizing, gate and limits."""
