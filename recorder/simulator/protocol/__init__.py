"""The simulated protocol: requests, responses, conversations, tokens, uploads. Pure."""
