"""The frames of a session read in order: the events they tell, and how the wire behaved."""
