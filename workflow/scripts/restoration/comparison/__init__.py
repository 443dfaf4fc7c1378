"""All ways to restore against one another: bootstrap, intervals, differences, claims, published figures."""
