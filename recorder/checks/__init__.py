"""Rules over a transcript; each says violated, satisfied or not observable, and why. Pure."""
