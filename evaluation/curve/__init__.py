"""What more curated questions bring: the same questions asked of indexes built with fewer and more of them."""
