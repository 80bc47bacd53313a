"""Paper trading: real prices, simulated fills. No order, and no key, ever reaches an exchange from here."""
