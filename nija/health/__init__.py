"""Whether the daemon does its work, for platforms, container engines and monitoring systems."""
