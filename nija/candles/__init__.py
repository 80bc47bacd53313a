"""Candle files, and the store of candles: where a backtest's history comes from."""
