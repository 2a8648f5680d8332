"""From a changed corpus to an index in service, if what visitors ask is answered no worse by it."""
