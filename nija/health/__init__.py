"""Whether the daemon does its work, told to whoever asks: a platform, a container engine, a monitoring system."""
