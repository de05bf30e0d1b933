"""What was reported, and how much of it counts."""
