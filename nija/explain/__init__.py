"""What an account's timeframe, fees and size mean for it."""
