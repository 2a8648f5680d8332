"""HTTP: connections, who is let in, JSON, errors and logs; its routes are in `routes`."""
