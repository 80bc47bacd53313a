"""What is wrong with a setup and how to fix it, checked in the order in which things can fail."""
