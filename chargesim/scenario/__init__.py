"""Read, merge and check what the user wrote."""
