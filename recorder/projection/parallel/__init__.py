"""A long session read by several processes: ranges of frames each, the events put back in order."""
