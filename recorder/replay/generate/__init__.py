"""Recording to script: what a recorded consumer did, written so that it can be done again."""
