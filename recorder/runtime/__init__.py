"""What several rooms need of the operating system: waiting on descriptors, background threads, GC pauses."""
