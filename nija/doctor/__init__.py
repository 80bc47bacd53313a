"""What is wrong with a set-up and how to fix it, checked in the order in which it can fail."""
