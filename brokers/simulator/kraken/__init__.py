"""The face that speaks Kraken Spot REST."""
