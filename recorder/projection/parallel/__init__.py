"""Reads a long session with several processes: each reads ranges of frames and sends their events."""
