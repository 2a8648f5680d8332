"""From a French FAQ to an index folder, and looking things up in it. Knows nothing of HTTP."""
