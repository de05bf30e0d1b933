"""What is asked, of whom, and every prior with its reason."""
