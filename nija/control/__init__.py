"""The running daemon's control socket: commands query the daemon instead of using a key at the same time."""
