"""The simulated agent: its rules, what it does, surveys, transfers and step-up."""
