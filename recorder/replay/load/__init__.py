"""Load runs: when users begin, one loop for all of them, and their metrics."""
