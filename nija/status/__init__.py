"""What the daemon is doing, account by account, and why one is not trading."""
