"""Paper trading: real prices, simulated fills. No order and no key is ever sent to an exchange from here."""
