"""What each account is doing, and why one is not trading."""
