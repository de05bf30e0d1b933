"""A posterior drawn, simulated forward, checked, kept."""
