"""What a reader sees, numbers from the run."""
