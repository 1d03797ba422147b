"""Show finished runs: figures, maps and terminal."""
