"""Deviations of the simulated service (moods): which requests, receipts and connections they affect."""
