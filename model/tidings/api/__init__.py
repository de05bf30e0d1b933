"""Every command as a function that returns values."""
