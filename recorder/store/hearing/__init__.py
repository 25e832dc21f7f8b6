"""From the frames of a session to its events and transcript, in one go or as it grows."""
