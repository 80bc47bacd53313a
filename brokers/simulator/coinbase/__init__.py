"""The simulator's Coinbase Advanced face."""
