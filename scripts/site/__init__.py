"""The site: pages that are written from the package, and the order of all."""
