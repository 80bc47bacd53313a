"""The running daemon's local control socket: how commands ask it instead of using a key behind its back."""
