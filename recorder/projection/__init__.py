"""Frames to events to transcript to derived tables: whole, incremental or parallel. Adds no facts."""
