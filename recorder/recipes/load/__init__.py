"""Load runs: many users in one process, their options, their endpoints and the result."""
