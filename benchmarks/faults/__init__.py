"""What the server bears: load, switches of index, and kills at any moment; what it acknowledged is never lost."""
