"""Points: currencies that members earn, spend and lose by expiry."""
