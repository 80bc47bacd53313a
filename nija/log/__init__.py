"""What NIJA says: its fixed lines, where they go, and what never gets into them."""
