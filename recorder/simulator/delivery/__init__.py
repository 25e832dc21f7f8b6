"""What the simulated service sends to whom and when: subscriptions, encoding, delays, disconnects."""
