"""Many users at once: when they begin, one loop for all, and what they met in numbers."""
