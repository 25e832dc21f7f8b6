"""Fixtures: a fresh archive for every test, in a file and in a database, and frames for it."""

from builders.archives import all_frames, begin, clock, frames, path, where

__all__ = ["all_frames", "begin", "clock", "frames", "path", "where"]
