"""Load: many stores, many users, a Black Friday, a deep queue and a month in minutes; bounded, loopback only."""
