"""A posterior drawn, carried forward, checked, kept."""
