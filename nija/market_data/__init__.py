"""What a feed reads from an exchange: prices and candles. Each market fails on its own."""
