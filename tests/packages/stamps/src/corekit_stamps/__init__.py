"""A stamp card: each purchase gets a stamp, a full card wins a mug as long as there are some, and each mug points."""
