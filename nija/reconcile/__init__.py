"""What the exchange says against what the journal says: typed findings, each with one repair."""
