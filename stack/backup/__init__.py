"""All volumes into one file, and back."""
