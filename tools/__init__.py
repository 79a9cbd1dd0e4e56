"""What builds and checks this repository; run by `dev.py`, never installed."""
