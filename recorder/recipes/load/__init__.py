"""Many users at once, in one process: what is asked, who they are, and how it went."""
