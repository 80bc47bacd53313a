"""What a feed reads of an exchange: prices and candles, each market failing alone."""
