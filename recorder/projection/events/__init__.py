"""Reads the frames of a session in order: their events, and facts about connections and violations."""
