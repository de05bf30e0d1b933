"""Who would agree, and at what rate an end comes."""
