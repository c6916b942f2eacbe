"""The measured claims, one file each, run by bin/bench."""
