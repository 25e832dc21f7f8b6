"""What the simulated service understands and says: requests, responses, conversations. Pure."""
